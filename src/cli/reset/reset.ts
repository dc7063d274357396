import type { App } from '../../app.ts';
import type { KafkaAdmin } from '../../kafka/index.ts';
import { matchSources } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import { confirm } from '../confirm.ts';
import { textFlag } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { nameOf } from '../records/partition-name.ts';
import type { Place } from '../records/place.ts';
import { openAppSession } from '../session.ts';
import { checkPresent } from '../topics/describe.ts';
import { type Move, movesTo } from './moves.ts';
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
    const isDryRun = options['dryRun'] === true;
    if (!isDryRun) await checkStopped(admin, app.id);
    const moves = await movesTo(admin, app.id, placesOf(app, topics, names, place));
    print(output, moves, isDryRun);
    if (isDryRun) return;
    await confirm(`this moves app "${app.id}" to these offsets`, options);
    await admin.setGroupOffsets(
      app.id,
      moves.map(({ topic, partition, to }) => ({ topic, partition, offset: to })),
    );
    for (const move of moves) output.data({ ...move, status: 'moved' });
    output.line(`moved ${moves.length} partition${moves.length === 1 ? '' : 's'}`);
  } finally {
    await session.close();
  }
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
  const wanted = names.length === 0 ? sources : [...new Set(names)];
  if (wanted.length === 0) throw new CommandError(2, `app "${app.id}" reads no topic`);
  await checkPresent(admin, wanted);
  return wanted;
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
