import type { KafkaAdmin, TopicDescription, TopicSpec } from '../../kafka/index.ts';
import type { RawOptions } from '../options.ts';
import { openSession } from '../session.ts';
import { differencesOf } from './differences.ts';
import { requireNames, wantedTopics } from './wanted.ts';

type Status = 'created' | 'already there' | 'grown' | 'differs' | 'would be created' | 'would grow';

interface Outcome {
  readonly topic: string;
  readonly partitions: number;
  readonly status: Status;
  /** What is not as it is wanted. */
  readonly differences?: readonly string[];
}

/** Creates what is missing, and tells what differs: exit code 1 then. */
export async function createTopics(names: readonly string[], options: RawOptions): Promise<void> {
  const session = await openSession(options);
  try {
    requireNames(session, names);
    const specs = wantedTopics(session, names, options);
    const outcomes = await provision(await session.admin(), specs, {
      grow: options['addPartitions'] === true,
      dryRun: options['dryRun'] === true,
    });
    session.output.table(outcomes.map((outcome) => [outcome.topic, partitionText(outcome.partitions), statusText(outcome)]));
    for (const outcome of outcomes) session.output.data(outcome);
    const differing = outcomes.filter(({ status }) => status === 'differs');
    if (differing.length === 0) return;
    process.exitCode = 1;
    if (!options['addPartitions'] && differing.some(({ differences }) => differences?.some((text) => text.startsWith('has ')))) {
      process.stderr.write('streamer: --add-partitions grows topics that have too few; keys then map to other partitions than before\n');
    }
  } finally {
    await session.close();
  }
}

interface Mode {
  readonly grow: boolean;
  readonly dryRun: boolean;
}

async function provision(admin: KafkaAdmin, specs: readonly TopicSpec[], mode: Mode): Promise<Outcome[]> {
  const counts = await admin.partitionCounts(specs.map((spec) => spec.name));
  const missing = specs.filter((spec) => !counts.has(spec.name));
  const made = mode.dryRun ? new Map<string, boolean>() : await admin.createTopics(missing);
  const found = new Map((await admin.describeTopics([...counts.keys()])).map((topic) => [topic.name, topic]));
  const outcomes: Outcome[] = [];
  for (const spec of specs) {
    const present = found.get(spec.name);
    outcomes.push(present === undefined ? makingOf(spec, made.get(spec.name)) : await comparison(admin, spec, present, mode));
  }
  return outcomes;
}

/** @param made false when another process has made it meanwhile, undefined when nothing was to be done */
function makingOf({ name, partitions }: TopicSpec, made: boolean | undefined): Outcome {
  return { topic: name, partitions, status: made === undefined ? 'would be created' : made ? 'created' : 'already there' };
}

async function comparison(admin: KafkaAdmin, spec: TopicSpec, found: TopicDescription, { grow, dryRun }: Mode): Promise<Outcome> {
  const { name: topic, partitions } = spec;
  const isGrown = grow && found.partitions < partitions;
  if (isGrown && !dryRun) await admin.addPartitions(topic, partitions);
  const differences = differencesOf(spec, found, isGrown);
  if (differences.length > 0) return { topic, partitions, status: 'differs', differences };
  return { topic, partitions, status: !isGrown ? 'already there' : dryRun ? 'would grow' : 'grown' };
}

function partitionText(partitions: number): string {
  return `${partitions} partition${partitions === 1 ? '' : 's'}`;
}

function statusText({ status, differences }: Outcome): string {
  return differences === undefined ? status : `${status}: ${differences.join('; ')}`;
}
