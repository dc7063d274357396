import type { ManualClock } from '../../../src/broker/clock/manual-clock.ts';
import { Cluster } from '../../../src/broker/cluster.ts';
import { dispatch } from '../../../src/broker/net/dispatch.ts';
import { resolveOptions } from '../../../src/broker/options.ts';
import { memoryStorage } from '../../../src/broker/storage/broker-storage.ts';
import { MalformedMessage } from '../../../src/wire/error-code.ts';
import { anyFrame } from './frames.ts';
import { Random } from './random.ts';

export interface FuzzFigures {
  readonly frames: number;
  readonly answered: number;
  readonly malformed: number;
  /** Neither an answer nor a refusal: the first few, with the frame in hexadecimal. */
  readonly failures: readonly string[];
  /** Frames that were still not answered when every client was gone and all time had passed. */
  readonly hanging: number;
  /** The most that the process held between two rounds, heap and buffers. */
  readonly peakBytes: number;
}

const ROUND = 1000;
/** Longer than any session, rebalance and transaction may take. */
const LONG_MS = 2_147_483_647;
const LIMITS = { partitions: 200, groups: 40, groupMembers: 20, transactionalIds: 40, partitionBytes: 100_000, minSessionMs: 1 };

/** Gives a broker requests of every type, well formed and not, as they come from its sockets. */
export async function fuzz({ frames, seed }: { readonly frames: number; readonly seed: number }): Promise<FuzzFigures> {
  const random = new Random(seed);
  const cluster = new Cluster(resolveOptions({ clock: 'manual', autoCreateTopics: true, limits: LIMITS }), memoryStorage());
  const node = { id: 1, host: '127.0.0.1', port: 1 };
  cluster.addNode(node);
  const failures: string[] = [];
  const sum = { answered: 0, malformed: 0, hanging: 0, peakBytes: 0 };

  const one = async (bytes: Buffer, signal: AbortSignal): Promise<void> => {
    try {
      await dispatch(bytes, { stringBytes: 1000, items: 1000 }, { cluster, node, clientHost: '/127.0.0.1', signal });
      sum.answered += 1;
    } catch (error) {
      if (error instanceof MalformedMessage) sum.malformed += 1;
      else if (failures.length < 5) failures.push(`${(error as Error).stack} on ${bytes.toString('hex')}`);
    }
  };

  for (let done = 0; done < frames; done += ROUND) {
    const clients = new AbortController();
    let open = 0;
    const round = Array.from({ length: Math.min(ROUND, frames - done) }, () => {
      open += 1;
      return one(anyFrame(random), clients.signal).finally(() => {
        open -= 1;
      });
    });
    await new Promise((resolve) => setImmediate(resolve));
    clients.abort();
    (cluster.clock as ManualClock).advance(LONG_MS);
    await Promise.race([Promise.all(round), new Promise((resolve) => setTimeout(resolve, 10_000).unref())]);
    sum.hanging += open;
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    sum.peakBytes = Math.max(sum.peakBytes, heapUsed + arrayBuffers);
  }
  await cluster.close();
  return { frames, ...sum, failures };
}
