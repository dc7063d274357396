import type { KafkaAdmin, TopicSpec } from '../../kafka/index.ts';
import { type AppTopicSpec, acceptedSpecs, fittedSpecs, type TopicDifference, topicDifferences } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { openSessionFor } from '../session.ts';
import { wantedTopics } from './wanted.ts';

type Status = 'created' | 'already there' | 'grown' | 'altered' | 'differs' | 'would be created' | 'would grow' | 'would be altered';

interface Outcome {
  readonly topic: string;
  readonly partitions: number;
  readonly status: Status;
  /** Differences from the declaration that stay. */
  readonly differences?: readonly TopicDifference[];
  /** Differences that were removed, or would be. */
  readonly changes?: readonly TopicDifference[];
}

interface Mode {
  readonly grow: boolean;
  readonly alter: boolean;
  readonly dryRun: boolean;
}

/** Creates the missing topics, changes the others as the flags allow, and reports differences that stay: exit code 1 then. */
export async function createTopics(names: readonly string[], options: RawOptions): Promise<void> {
  const session = await openSessionFor(names, options);
  try {
    const mode = { grow: options['addPartitions'] === true, alter: options['alterConfigs'] === true, dryRun: options['dryRun'] === true };
    const wanted = wantedTopics(session, names, options);
    const admin = await session.admin();
    const specs = await acceptedSpecs(admin, await fittedSpecs(admin, wanted));
    await checkSpecs(admin, specs);
    const outcomes = await provision(admin, specs, mode);
    print(session.output, outcomes);
    if (!outcomes.some(({ status }) => status === 'differs')) return;
    process.exitCode = 1;
    advise(outcomes, mode);
  } finally {
    await session.close();
  }
}

/** Creates nothing when the broker would refuse a part of it. @throws CommandError (exit 2) */
async function checkSpecs(admin: KafkaAdmin, specs: readonly TopicSpec[]): Promise<void> {
  const refused = await admin.checkTopics(specs);
  if (refused.size === 0) return;
  const lines = [...refused].map(([topic, why]) => `${topic}: ${why}`);
  throw new CommandError(
    2,
    lines.length === 1 ? String(lines[0]) : `the broker refuses ${lines.length} topics:\n  - ${lines.join('\n  - ')}`,
  );
}

async function provision(admin: KafkaAdmin, specs: readonly AppTopicSpec[], mode: Mode): Promise<Outcome[]> {
  const counts = await admin.partitionCounts(specs.map((spec) => spec.name));
  const missing = specs.filter((spec) => !counts.has(spec.name));
  const made = mode.dryRun ? new Map<string, boolean>() : await admin.createTopics(missing);
  const existing = [...counts.keys()];
  const found = new Map((await admin.describeTopics(existing)).map((topic) => [topic.name, topic]));
  const configs = await admin.topicConfigs(existing);
  const outcomes: Outcome[] = [];
  for (const spec of specs) {
    const present = found.get(spec.name);
    if (present === undefined) outcomes.push(makingOf(spec, made.get(spec.name)));
    else outcomes.push(await changed(admin, spec, topicDifferences(spec, { ...present, configs: configs.get(spec.name) ?? {} }), mode));
  }
  return outcomes;
}

/** @param made false when another process created it in the meantime, undefined in a dry run */
function makingOf({ name, partitions }: TopicSpec, made: boolean | undefined): Outcome {
  return { topic: name, partitions, status: made === undefined ? 'would be created' : made ? 'created' : 'already there' };
}

/**
 * Adds partitions and sets configs as the mode allows. Partitions are never removed, and the replication factor never changes. A changelog does
 * not grow: its entries would stay in partitions that their keys no longer belong to.
 */
async function changed(admin: KafkaAdmin, spec: AppTopicSpec, differences: readonly TopicDifference[], mode: Mode): Promise<Outcome> {
  const { name: topic, partitions } = spec;
  const grown = differences.filter(
    ({ what, is }) => mode.grow && spec.changelogOf === undefined && what === 'partitions' && Number(is) < partitions,
  );
  const altered = differences.filter(({ what }) => mode.alter && what !== 'partitions' && what !== 'replication factor');
  if (!mode.dryRun) {
    if (grown.length > 0) await admin.addPartitions(topic, partitions);
    if (altered.length > 0) await admin.alterConfigs(topic, Object.fromEntries(altered.map(({ what, wanted }) => [what, wanted])));
  }
  const left = differences.filter((each) => !grown.includes(each) && !altered.includes(each));
  const outcome = { topic, partitions, ...(grown.length + altered.length > 0 ? { changes: [...grown, ...altered] } : {}) };
  if (left.length > 0) return { ...outcome, status: 'differs', differences: left };
  if (grown.length > 0) return { ...outcome, status: mode.dryRun ? 'would grow' : 'grown' };
  if (altered.length > 0) return { ...outcome, status: mode.dryRun ? 'would be altered' : 'altered' };
  return { ...outcome, status: 'already there' };
}

function print(output: Output, outcomes: readonly Outcome[]): void {
  output.table(outcomes.map((outcome) => [outcome.topic, partitionText(outcome.partitions), statusText(outcome)]));
  const rows = outcomes.flatMap(({ topic, differences = [], changes = [] }) =>
    [...changes, ...differences].map(({ what, is, wanted }) => [topic, what, is, wanted]),
  );
  if (rows.length > 1) output.table(rows, ['topic', 'what', 'is', 'declared']);
  for (const outcome of outcomes) output.data(outcome);
}

function advise(outcomes: readonly Outcome[], { grow, alter }: Mode): void {
  const left = outcomes.flatMap(({ differences = [] }) => differences);
  const canGrow = left.some(({ what, is, wanted }) => what === 'partitions' && Number(is) < Number(wanted));
  if (!grow && canGrow) {
    process.stderr.write('streamer: --add-partitions adds the missing partitions; keys map to other partitions from then on\n');
  }
  if (!alter && left.some(({ what }) => what !== 'partitions' && what !== 'replication factor')) {
    process.stderr.write('streamer: --alter-configs sets the configs that differ and leaves the others\n');
  }
}

function partitionText(partitions: number): string {
  return `${partitions} partition${partitions === 1 ? '' : 's'}`;
}

function statusText({ status, differences, changes = [] }: Outcome): string {
  const parts = [...changes.map(({ what, is, wanted }) => `${what} ${is} -> ${wanted}`), ...(differences ?? []).map(({ text }) => text)];
  return parts.length === 0 ? status : `${status}: ${parts.join('; ')}`;
}
