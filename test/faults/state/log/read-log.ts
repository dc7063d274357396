import { sleep } from '../../clock.ts';
import { persist, withAdmin } from '../../system/client.ts';
import { type LoggedRecord, readBatches } from './batches.ts';
import { Fetcher } from './fetcher.ts';

export interface Log {
  readonly topic: string;
  readonly partition: number;
  /** All of them, whatever became of their transactions. */
  readonly records: readonly LoggedRecord[];
}

interface Leader {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads every partition of the topics to its end.
 *
 * @param from offsets to begin at, by `topic/partition`. @default where the log begins
 */
export async function readLogs(brokers: string, topics: readonly string[], from: ReadonlyMap<string, number> = new Map()): Promise<Log[]> {
  const fetchers = new Map<string, Fetcher>();
  const fetcherOf = async ({ host, port }: Leader) => {
    const name = `${host}:${port}`;
    const found = fetchers.get(name) ?? (await Fetcher.connect(host, port));
    fetchers.set(name, found);
    return found;
  };
  try {
    const logs: Log[] = [];
    for (const { topic, partition, leader, start } of await placesOf(brokers, topics)) {
      const first = Math.max(start, from.get(`${topic}/${partition}`) ?? 0);
      logs.push({ topic, partition, records: await readPartition(await fetcherOf(leader), topic, partition, first) });
    }
    return logs;
  } finally {
    for (const fetcher of fetchers.values()) fetcher.close();
  }
}

async function readPartition(fetcher: Fetcher, topic: string, partition: number, start: number): Promise<LoggedRecord[]> {
  const all: LoggedRecord[] = [];
  for (let offset = start; ; ) {
    const { errorCode, highWatermark, bytes } = await fetcher.fetch(topic, partition, offset);
    if (errorCode !== 0) throw new Error(`reading ${topic}[${partition}] at ${offset}: error ${errorCode}`);
    if (offset >= highWatermark) return all;
    const { records, next } = readBatches(bytes);
    // A batch begins before the offset that was asked for where the log was compacted or cut.
    for (const record of records) if (record.offset >= offset) all.push(record);
    if (next === undefined) await sleep(50);
    else if (next >= highWatermark) return all;
    else offset = next;
  }
}

async function placesOf(brokers: string, topics: readonly string[]) {
  return withAdmin(brokers, async (admin) => {
    const { brokers: nodes } = await persist(() => admin.describeCluster());
    const { topics: described } = await persist(() => admin.fetchTopicMetadata({ topics: [...topics] }));
    const places: Array<{ topic: string; partition: number; leader: Leader; start: number }> = [];
    for (const { name, partitions } of described) {
      const lows = new Map((await persist(() => admin.fetchTopicOffsets(name))).map(({ partition, low }) => [partition, Number(low)]));
      for (const { partitionId, leader } of partitions) {
        const node = nodes.find(({ nodeId }) => nodeId === leader);
        if (node === undefined) throw new Error(`${name}[${partitionId}] has no leader`);
        places.push({ topic: name, partition: partitionId, leader: node, start: lows.get(partitionId) ?? 0 });
      }
    }
    return places;
  });
}
