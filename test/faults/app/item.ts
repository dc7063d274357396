import { z } from 'zod';
import { Random } from '../random.ts';

/** `flaky` fails at the first try of every process; `poison` fails always. */
export const Item = z.object({ id: z.string(), seq: z.number(), kind: z.enum(['plain', 'flaky', 'poison']) });
export type Item = z.infer<typeof Item>;

/** What an agent publishes about an event: where it came from, who worked on it, and from when to when (monotonic clock, µs). */
export const Stamp = z.object({
  id: z.string(),
  partition: z.number(),
  offset: z.number(),
  by: z.string(),
  from: z.number(),
  to: z.number(),
});
export type Stamp = z.infer<typeof Stamp>;

/** The topics of a round and the agents that write to them. */
export const INPUT = 'in';
export const OUTPUTS = [
  { topic: 'out-each', agent: 'each' },
  { topic: 'out-yield', agent: 'generator' },
  { topic: 'out-sent', agent: 'generator' },
  { topic: 'out-model', agent: 'model' },
] as const;

/** How long an agent takes for an event: the same in every run. Mostly a few milliseconds, now and then long. */
export function workMs(agent: string, id: string): number {
  const random = Random.of(`${agent}/${id}`);
  return random.chance(0.02) ? random.int(100, 300) : random.int(0, 15);
}
