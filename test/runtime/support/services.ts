import type { StreamerError } from '../../../src/errors.ts';
import { Telemetry } from '../../../src/observe/index.ts';
import type { Tell } from '../../../src/runtime/events/worker-events.ts';
import type { OutputOwner } from '../../../src/runtime/output/outputs.ts';
import { systemClock } from '../../../src/timing/index.ts';
import type { Encoded } from '../../../src/topics/index.ts';

interface Letter {
  readonly agent: string | undefined;
  readonly record: { readonly key: Buffer | null; readonly offset: number | undefined };
  readonly error: unknown;
  readonly attempts: number;
  /** Acknowledges it. */
  readonly written: () => void;
}

export type KeptServices = ReturnType<typeof keptServices>;

/** A worker's services that send nothing: what reaches them is kept, and acknowledged by the test. */
export function keptServices() {
  const sent: Array<{ readonly topic: string; readonly message: Encoded; readonly acknowledge: (error?: StreamerError | Error) => void }> =
    [];
  const letters: Letter[] = [];
  const told: Array<readonly [event: string, ...args: unknown[]]> = [];
  const failures: StreamerError[] = [];
  const services = {
    outputs: {
      send: (topic: string, message: Encoded, owner: OutputOwner) => {
        const end = owner.output();
        sent.push({ topic, message, acknowledge: (error) => end(error as StreamerError | undefined, 0, 0) });
      },
    },
    letters: {
      write: (letter: Omit<Letter, 'written'>) => new Promise<void>((resolve) => letters.push({ ...letter, written: resolve })),
    },
    telemetry: new Telemetry(),
    clock: systemClock,
    tell: ((event: string, ...args: unknown[]) => void told.push([event, ...args])) satisfies Tell,
    fail: (error: StreamerError) => void failures.push(error),
  };
  return { services: services as never, telemetry: services.telemetry, sent, letters, told, failures };
}
