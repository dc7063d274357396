import type { KafkaAdmin, TopicSpec } from '../../kafka/index.ts';
import { fittedSpecs, type TopicDifference, topicDifferences } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { openSession } from '../session.ts';
import { requireNames, wantedTopics } from './wanted.ts';

type Status = 'created' | 'already there' | 'grown' | 'altered' | 'differs' | 'would be created' | 'would grow' | 'would be altered';

interface Outcome {
  readonly topic: string;
  readonly partitions: number;
  readonly status: Status;
  /** What is not as it is wanted, and stays so. */
  readonly differences?: readonly TopicDifference[];
  /** What was changed, or would be. */
  readonly changes?: readonly TopicDifference[];
}

interface Mode {
  readonly grow: boolean;
  readonly alter: boolean;
  readonly dryRun: boolean;
}

/** Creates what is missing, changes what the flags allow, and tells what differs: exit code 1 then. */
export async function createTopics(names: readonly string[], options: RawOptions): Promise<void> {
  const session = await openSession(options);
  try {
    requireNames(session, names);
    const mode = { grow: options['addPartitions'] === true, alter: options['alterConfigs'] === true, dryRun: options['dryRun'] === true };
    const wanted = wantedTopics(session, names, options);
    const admin = await session.admin();
    const specs = await fittedSpecs(admin, wanted);
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

/** Nothing is made when the broker would refuse a part of it. */
async function checkSpecs(admin: KafkaAdmin, specs: readonly TopicSpec[]): Promise<void> {
  const refused = await admin.checkTopics(specs);
  if (refused.size === 0) return;
  const lines = [...refused].map(([topic, why]) => `${topic}: ${why}`);
  throw new CommandError(2, lines.length === 1 ? lines[0]! : `the broker refuses ${lines.length} topics:\n  - ${lines.join('\n  - ')}`);
}

async function provision(admin: KafkaAdmin, specs: readonly TopicSpec[], mode: Mode): Promise<Outcome[]> {
  const counts = await admin.partitionCounts(specs.map((spec) => spec.name));
  const missing = specs.filter((spec) => !counts.has(spec.name));
  const made = mode.dryRun ? new Map<string, boolean>() : await admin.createTopics(missing);
  const there = [...counts.keys()];
  const found = new Map((await admin.describeTopics(there)).map((topic) => [topic.name, topic]));
  const configs = await admin.topicConfigs(there);
  const outcomes: Outcome[] = [];
  for (const spec of specs) {
    const present = found.get(spec.name);
    if (present === undefined) outcomes.push(makingOf(spec, made.get(spec.name)));
    else outcomes.push(await changed(admin, spec, topicDifferences(spec, { ...present, configs: configs.get(spec.name) ?? {} }), mode));
  }
  return outcomes;
}

/** @param made false when another process has made it meanwhile, undefined when nothing was to be done */
function makingOf({ name, partitions }: TopicSpec, made: boolean | undefined): Outcome {
  return { topic: name, partitions, status: made === undefined ? 'would be created' : made ? 'created' : 'already there' };
}

/** Partitions are only ever added, and the replication factor is not ours to change. */
async function changed(admin: KafkaAdmin, spec: TopicSpec, differences: readonly TopicDifference[], mode: Mode): Promise<Outcome> {
  const { name: topic, partitions } = spec;
  const grown = differences.filter(({ what, is }) => mode.grow && what === 'partitions' && Number(is) < partitions);
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
  if (rows.length > 1) output.table(rows, ['topic', 'what', 'there', 'wanted']);
  for (const outcome of outcomes) output.data(outcome);
}

function advise(outcomes: readonly Outcome[], { grow, alter }: Mode): void {
  const left = outcomes.flatMap(({ differences = [] }) => differences);
  const canGrow = left.some(({ what, is, wanted }) => what === 'partitions' && Number(is) < Number(wanted));
  if (!grow && canGrow) {
    process.stderr.write('streamer: --add-partitions grows topics that have too few; keys then map to other partitions than before\n');
  }
  if (!alter && left.some(({ what }) => what !== 'partitions' && what !== 'replication factor')) {
    process.stderr.write('streamer: --alter-configs sets the configs that differ, and leaves all others\n');
  }
}

function partitionText(partitions: number): string {
  return `${partitions} partition${partitions === 1 ? '' : 's'}`;
}

function statusText({ status, differences, changes = [] }: Outcome): string {
  const told = [...changes.map(({ what, is, wanted }) => `${what} ${is} -> ${wanted}`), ...(differences ?? []).map(({ text }) => text)];
  return told.length === 0 ? status : `${status}: ${told.join('; ')}`;
}
