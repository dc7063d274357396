import type { App } from '../../app.ts';
import type { CommittedOffset, KafkaAdmin, KafkaClient } from '../../kafka/index.ts';
import { decodeCommit, matchSources } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import { confirm } from '../confirm.ts';
import { textFlag } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { nameOf } from '../records/partition-name.ts';
import type { Place } from '../records/place.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { checkPresent } from '../topics/describe.ts';
import { changelogStates, emptied } from './changelogs.ts';
import { type CutNumbers, markedOffsets } from './marks.ts';
import { type Move, movesTo } from './moves.ts';
import { type StatePlan, statePlanOf } from './state-plan.ts';
import { targetOf } from './target.ts';

/** Moves the group of an app. Its workers must not run: their next commit would undo it. */
export async function resetApp(names: readonly string[], options: RawOptions): Promise<void> {
  const place = targetOf(textFlag(options, 'to'), Date.now());
  const session = await openAppSession(options);
  try {
    const { app, output } = session;
    app.validate('topics');
    const admin = await session.admin();
    const topics = await sourcesOf(app, admin, names);
    const state = statePlanOf(app, topics, options);
    const isDryRun = options['dryRun'] === true;
    if (!isDryRun) await checkStopped(admin, app.id);
    const moves = await movesTo(admin, app.id, placesOf(app, topics, names, place));
    print(output, moves, isDryRun);
    if (state?.mode === 'empty') output.line(`emptied: ${state.tables.map(({ name }) => name).join(', ')}`);
    if (isDryRun) return;
    await confirm(questionOf(app, state), options);
    await checkStopped(admin, app.id);
    await move(session, moves, state);
    for (const each of moves) output.data({ ...each, status: 'moved' });
    for (const { name } of state?.mode === 'empty' ? state.tables : []) output.data({ table: name, status: 'emptied' });
    output.line(`moved ${moves.length} partition${moves.length === 1 ? '' : 's'}`);
  } finally {
    await session.close();
  }
}

function questionOf({ id }: App, state: StatePlan | undefined): string {
  const tables = state?.mode === 'empty' ? `, and empties ${state.tables.map(({ name }) => `"${name}"`).join(', ')}` : '';
  return `this moves app "${id}" to these offsets${tables}`;
}

async function move(session: AppSession, moves: readonly Move[], state: StatePlan | undefined): Promise<void> {
  const { app } = session;
  const admin = await session.admin();
  if (app.tables.size === 0)
    return admin.setGroupOffsets(
      app.id,
      moves.map(({ topic, partition, to }) => ({ topic, partition, offset: to })),
    );
  const commits = await settledCommits(await session.client(), admin, app);
  const numbers = await cutNumbers(await session.client(), admin, app, state);
  await admin.setGroupOffsets(app.id, await markedOffsets(app, admin, moves, commits, numbers));
}

/** What is committed of all topics, once the transactions of workers that were killed have ended. */
async function settledCommits(client: KafkaClient, admin: KafkaAdmin, app: App): Promise<CommittedOffset[]> {
  const topics = [...matchSources([...app.agents.values()], []).keys()];
  const before = await admin.groupOffsets(app.id, topics);
  const writers = new Set(before.flatMap(({ offset, metadata }) => decodeCommit(offset, metadata).mark?.writer ?? []));
  for (const writer of writers) await client.fence(writer);
  return admin.groupOffsets(app.id, topics, { stable: true });
}

/** Numbers of the last cuts in the changelogs; tables that are to be emptied are empty then. */
async function cutNumbers(client: KafkaClient, admin: KafkaAdmin, app: App, state: StatePlan | undefined): Promise<CutNumbers> {
  const numbers = new Map<string, Map<number, number>>();
  const producer = await client.producer();
  for await (const changelog of changelogStates(admin, await client.reader(), [...app.tables.values()])) {
    const { table, partition } = changelog;
    const isEmptied = state?.mode === 'empty' && state.tables.includes(table);
    const own = numbers.get(table.name) ?? new Map<number, number>();
    numbers.set(table.name, own.set(partition.partition, isEmptied ? await emptied(producer, changelog) : changelog.number));
  }
  return numbers;
}

/** The topics that the app reads, or those named of them. @throws CommandError */
async function sourcesOf(app: App, admin: KafkaAdmin, names: readonly string[]): Promise<string[]> {
  const sources = [...matchSources([...app.agents.values()], await admin.listTopics()).keys()];
  const foreign = names.filter((name) => !sources.includes(name));
  if (foreign.length > 0) {
    throw new CommandError(2, `app "${app.id}" does not read ${foreign.join(', ')}`, {
      next: `It reads: ${sources.join(', ') || 'nothing'}.`,
    });
  }
  const wanted = names.length === 0 ? sources : withRepartitions(app, names);
  if (wanted.length === 0) throw new CommandError(2, `app "${app.id}" reads no topic`);
  await checkPresent(admin, wanted);
  return wanted;
}

/** The topics, and those through which their events travel to another key. */
function withRepartitions(app: App, names: readonly string[]): string[] {
  const wanted = new Set(names);
  const specs = app.topicSpecs();
  for (const topic of wanted) for (const { name, repartitionOf } of specs) if (repartitionOf === topic) wanted.add(name);
  return [...wanted];
}

/**
 * What travels to another key (`groupBy`) is written again from where its source goes on, so what is there already is left out,
 * unless the topic is named.
 */
function placesOf(app: App, topics: readonly string[], names: readonly string[], place: Place): Map<string, Place> {
  const between = new Set(app.topicSpecs().flatMap(({ name, repartitionOf }) => (repartitionOf === undefined ? [] : [name])));
  return new Map(topics.map((topic) => [topic, between.has(topic) && !names.includes(topic) ? { kind: 'latest' } : place]));
}

async function checkStopped(admin: KafkaAdmin, groupId: string): Promise<void> {
  const members = await admin.groupMembers(groupId);
  if (members.length === 0) return;
  const list = members.map(({ memberId, host }) => `${memberId} (${host})`).join(', ');
  throw new CommandError(2, `group "${groupId}" has ${members.length} running member${members.length === 1 ? '' : 's'}: ${list}`, {
    next: 'Stop the workers first: their next commit would undo the change.',
  });
}

function print(output: Output, moves: readonly Move[], isDryRun: boolean): void {
  output.table(
    moves.map((move) => [nameOf(move), move.from === null ? '-' : String(move.from), String(move.to), String(move.finishedAhead)]),
    ['partition', 'from', 'to', 'finished ahead'],
  );
  if (isDryRun) for (const move of moves) output.data({ ...move, status: 'would be moved' });
}
