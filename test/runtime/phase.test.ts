import { describe, expect, it } from 'vitest';
import { type Phase, TaskPhase } from '../../src/runtime/task/phase.ts';

/** The way from the beginning to each phase. */
const WAYS: Readonly<Record<Phase, readonly Phase[]>> = {
  suspended: [],
  restoring: ['restoring'],
  running: ['restoring', 'running'],
  draining: ['restoring', 'running', 'draining'],
  closed: ['closed'],
};
const ALLOWED = new Set([
  'restoring running',
  'restoring draining',
  'restoring closed',
  'running draining',
  'running closed',
  'draining suspended',
  'draining restoring',
  'draining closed',
  'suspended restoring',
  'suspended closed',
]);
const PHASES = Object.keys(WAYS) as Phase[];

function at(phase: Phase): TaskPhase {
  const made = new TaskPhase();
  for (const step of WAYS[phase]) made.enter(step);
  return made;
}

describe("a task's phase", () => {
  it.each(PHASES.flatMap((from) => PHASES.map((to) => [from, to] as const)))('from %s to %s is allowed or refused', (from, to) => {
    const phase = at(from);
    if (ALLOWED.has(`${from} ${to}`)) {
      phase.enter(to);
      expect(phase.current).toBe(to);
    } else {
      expect(() => phase.enter(to)).toThrow(`a task cannot go from ${from} to ${to}`);
      expect(phase.current).toBe(from);
    }
  });

  it('can be awaited: now, later, and any of several', async () => {
    const phase = at('running');
    expect(await phase.reached('running')).toBe('running');
    const either = phase.reached('suspended', 'closed');
    const closed = phase.reached('closed');
    phase.enter('draining');
    phase.enter('suspended');
    expect(await either).toBe('suspended');
    phase.enter('closed');
    expect([await closed, phase.closed.aborted]).toEqual(['closed', true]);
  });

  it('that can no longer be reached is an error, not a wait without end', async () => {
    const phase = at('restoring');
    const running = phase.reached('running');
    phase.enter('closed');
    await expect(running).rejects.toMatchObject({ code: 'LOST' });
    await expect(phase.reached('running')).rejects.toThrow(/closed before it was running/);
  });
});
