import type { KafkaAdmin, TopicDescription, Watermarks } from '../../kafka/index.ts';
import { count } from '../../observe/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { openSessionFor } from '../session.ts';

export async function describeTopics(names: readonly string[], options: RawOptions): Promise<void> {
  const session = await openSessionFor(names, options);
  try {
    const wanted = names.length > 0 ? names : (session.app?.topicSpecs().map((spec) => spec.name) ?? []);
    const admin = await session.admin();
    await checkPresent(admin, wanted);
    for (const topic of await admin.describeTopics(wanted)) print(session.output, topic, await admin.watermarks(topic.name));
  } finally {
    await session.close();
  }
}

/** Resolves when all topics exist. @throws CommandError (exit 1) that names the missing ones */
export async function checkPresent(admin: KafkaAdmin, names: readonly string[]): Promise<void> {
  const counts = await admin.partitionCounts(names);
  const missing = names.filter((name) => !counts.has(name));
  if (missing.length > 0)
    throw new CommandError(1, `no such topic: ${missing.join(', ')}`, { next: '`streamer topics list` lists the existing ones.' });
}

function print(output: Output, topic: TopicDescription, partitions: readonly Watermarks[]): void {
  const records = partitions.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0);
  output.line(
    `${topic.name}   ${topic.partitions} partitions   replication factor ${topic.replicationFactor}   ${count(records)} records at most`,
  );
  output.table(
    partitions.map(({ partition, earliest, latest }) => [String(partition), String(earliest), String(latest)]),
    ['partition', 'earliest', 'latest'],
  );
  output.table(Object.entries(topic.configs).map(([name, value]) => [name, value]));
  output.data({ ...topic, offsets: partitions.map(({ partition, earliest, latest }) => ({ partition, earliest, latest })) });
}
