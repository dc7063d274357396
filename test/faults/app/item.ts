import { z } from 'zod';
import { Random } from '../random.ts';

/** `flaky` fails at the first try of every process; `poison` fails always. */
export const Item = z.object({ id: z.string(), seq: z.number(), kind: z.enum(['plain', 'flaky', 'poison']) });
export type Item = z.infer<typeof Item>;

/** What an agent publishes about an event: where it came from, who worked on it, and from when to when (monotonic clock, µs). */
export const Stamp = z.object({
  id: z.string(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  by: z.string(),
  from: z.number(),
  to: z.number(),
});
export type Stamp = z.infer<typeof Stamp>;

/** The topics of a round, and the agents that write to them, by the order they keep. */
export const INPUT = 'in';
/** Read by one agent only, together with the first. */
export const SECOND_INPUT = 'more';
export const OUTPUTS = [
  { topic: 'out-each', agent: 'each', order: 'key' },
  { topic: 'out-yield', agent: 'generator', order: 'key' },
  { topic: 'out-sent', agent: 'generator', order: 'key' },
  { topic: 'out-partition', agent: 'by-partition', order: 'partition' },
  { topic: 'out-none', agent: 'no-order', order: 'none' },
  { topic: 'out-several', agent: 'several', order: 'key' },
  { topic: 'out-model', agent: 'model', order: 'key' },
] as const;
/** The one agent that reads both inputs. */
export const OF_BOTH = 'several';

/** How long an agent takes for an event: the same in every run. Mostly a few milliseconds, now and then long. */
export function workMs(agent: string, id: string): number {
  const random = Random.of(`${agent}/${id}`);
  return random.chance(0.02) ? random.int(100, 300) : random.int(0, 15);
}
