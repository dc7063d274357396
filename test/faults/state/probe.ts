import { sleep } from '../clock.ts';
import { kafkaOf, persist } from '../system/client.ts';
import { COUNTERS, type CountItem, PROBE, type ProbeAnswer } from './app/entry.ts';
import { readLogs } from './log/read-log.ts';
import { canonical, type Memory } from './proof/evidence.ts';

const ANSWER_MS = 60_000;
const TABLES = COUNTERS.flatMap(({ tables }) => [...tables]);

export interface ProbeTopics {
  readonly inputs: readonly string[];
  readonly answers: string;
}

/** An event for each partition of the inputs, at which agents publish all that they have of their tables there. */
export async function sendProbe(brokers: string, { inputs }: ProbeTopics, probe: string, partitions: number): Promise<void> {
  const item: CountItem = { id: probe, seq: 0, kind: PROBE };
  const producer = kafkaOf(brokers).producer({ allowAutoTopicCreation: false });
  await persist(() => producer.connect());
  try {
    const messages = Array.from({ length: partitions }, (_, partition) => ({
      partition,
      key: PROBE,
      value: JSON.stringify(item),
      headers: { id: probe },
    }));
    for (const topic of inputs) await persist(() => producer.send({ topic, acks: -1, messages }));
  } finally {
    await producer.disconnect();
  }
}

/**
 * Resolves with what was answered when each table and partition was, or with what there is after a minute, or when nobody is left to
 * answer.
 */
export async function probeAnswers(
  brokers: string,
  topics: ProbeTopics,
  probe: string,
  partitions: number,
  isAnybodyThere: () => boolean,
): Promise<Memory[]> {
  const wanted = TABLES.length * partitions;
  for (const deadline = Date.now() + ANSWER_MS; ; await sleep(100)) {
    const found = await persist(() => readProbe(brokers, topics, probe));
    const places = new Set(found.map(({ table, partition }) => `${table} ${partition}`));
    if (places.size >= wanted || !isAnybodyThere() || Date.now() > deadline) return found;
  }
}

async function readProbe(brokers: string, { answers }: ProbeTopics, probe: string): Promise<Memory[]> {
  const logs = await readLogs(brokers, [answers]);
  const all = logs.flatMap(({ records }) => records.map(({ value }) => JSON.parse(String(value)) as ProbeAnswer));
  return all
    .filter((answer) => answer.probe === probe)
    .map(({ table, partition, by, entries }) => ({
      table,
      partition,
      by,
      kind: probe === FRESH ? 'fresh' : 'living',
      entries: new Map(entries.map(([key, value]) => [key, canonical(value)])),
    }));
}

/** Names of the two probes of a round. */
export const LIVING = 'probe-living';
export const FRESH = 'probe-fresh';
