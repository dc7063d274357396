/**
 * Commits of 1,000 changed keys with the offsets of a group, over and over, in one transaction each: WORK=streamer cuts,
 * writes and promotes the state of `PARTITIONS` tasks, WORK=kafkajs writes as many records with stock kafkajs.
 */
import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { string } from 'streamerjs';
import { kafkajs } from '../../src/kafka/index.ts';
import { TaskState } from '../../src/runtime/state/task-state.ts';
import { type DeclaredTable, EventState } from '../../src/tables/index.ts';
import { median } from '../figures.ts';

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
const { BROKERS = '', WORK = '', PARTITIONS = '1', COMMITS = '40' } = process.env;
const brokers = BROKERS.split(',');
const partitions = Number(PARTITIONS);
const id = randomUUID();
const input = `bench-commit-${id}`;
const changelog = `${input}-changelog`;
const KEYS = 1_000;
const WARM_UP = 50;

const keyOf = (n: number) => Buffer.from(`customer-${String(n).padStart(11, '0')}`);
const valueOf = (round: number, n: number) => Buffer.alloc(40, (round + n) & 0xff);

/** What events have changed, and the commit of it: only that is measured. */
interface Committing {
  change(round: number): void;
  commit(round: number): Promise<void>;
}

async function streamer(): Promise<Committing> {
  const table: DeclaredTable = { name: 'counts', changelog, serdes: { key: string(), value: string() }, isOrdered: false };
  const tasks = Array.from({ length: partitions }, (_, partition) => new TaskState([table], partition));
  const transactions = await kafkajs({ clientId: 'bench', brokers }).transactions(id);
  const member = { groupId: id, generationId: -1, memberId: '' };
  const state = new EventState();
  const change = (round: number) => {
    for (let n = 0; n < KEYS; n++) {
      const shard = tasks[n % partitions]?.shards.get('counts')?.shard;
      if (shard === undefined) throw new Error('the task has no shard of the table');
      state.set(shard, keyOf(n), valueOf(round, n));
      state.apply();
    }
  };
  const commit = async (round: number) => {
    const offsets = tasks.map((_, partition) => ({ topic: input, partition, offset: round + 1, metadata: 's' }));
    const records = tasks.flatMap((task) => task.cut());
    await transactions.write(records, member, offsets);
    for (const task of tasks) await task.promote();
  };
  return { change, commit };
}

async function stock(): Promise<Committing> {
  const producer = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.NOTHING }).producer({
    transactionalId: id,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  let messages: Array<{ key: Buffer; value: Buffer; partition: number }> = [];
  const change = (round: number) => {
    messages = Array.from({ length: KEYS }, (_, n) => ({ key: keyOf(n), value: valueOf(round, n), partition: n % partitions }));
  };
  const commit = async (round: number) => {
    const transaction = await producer.transaction();
    await transaction.send({ topic: changelog, acks: -1, messages });
    const offsets = Array.from({ length: partitions }, (_, partition) => ({ partition, offset: String(round + 1), metadata: 's' }));
    await transaction.sendOffsets({ consumerGroupId: id, topics: [{ topic: input, partitions: offsets }] });
    await transaction.commit();
  };
  return { change, commit };
}

const admin = await kafkajs({ clientId: 'bench', brokers }).admin();
await admin.createTopics([input, changelog].map((name) => ({ name, partitions })));
const { change, commit } = WORK === 'kafkajs' ? await stock() : await streamer();
const times: number[] = [];
const cpuTimes: number[] = [];
for (let round = 0; round < WARM_UP + Number(COMMITS); round++) {
  change(round);
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await commit(round);
  const { user, system } = process.cpuUsage(before);
  if (round < WARM_UP) continue;
  times.push(performance.now() - startedAt);
  cpuTimes.push((user + system) / 1_000);
}
console.log(JSON.stringify({ ms: median(times), cpuMs: median(cpuTimes) }));
await admin.deleteTopics([input, changelog]);
process.exit(0);
