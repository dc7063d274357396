import type { KafkaAdmin, KafkaTransactions, OutputRecord } from '../../kafka/index.ts';
import { type LetterInfo, readLetter, replayHeaders } from '../../runtime/index.ts';
import { partitionOf } from '../../topics/index.ts';
import { CommandError } from '../command-error.ts';
import { textFlag, wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { type AppSession, openAppSession } from '../session.ts';
import { Addressee } from './addressee.ts';
import { letterFilter, originOf } from './filter.ts';
import { type Letter, LetterReader } from './letter-reader.ts';
import { letterTopics, replayGroupOf } from './topics.ts';

const CHUNK = 200;

export async function replayLetters(names: readonly string[], options: RawOptions): Promise<void> {
  const limit = wholeNumber('--limit', options['limit'], 1) ?? Number.POSITIVE_INFINITY;
  const session = await openAppSession(options);
  try {
    const admin = await session.admin();
    const topics = await letterTopics(session, admin, names);
    const replay = new Replay(session, admin, options);
    await replay.check(topics);
    await replay.run(topics, limit);
  } finally {
    await session.close();
  }
}

/** Writes letters and marks them as replayed in one transaction: a replay that is cut off repeats none. */
class Replay {
  readonly #session: AppSession;
  readonly #admin: KafkaAdmin;
  readonly #isWanted: (letter: LetterInfo) => boolean;
  /** As the filter says alone. */
  readonly #isFiltered: (letter: LetterInfo) => boolean;
  readonly #to: string | undefined;
  readonly #addressee: Addressee;
  readonly #isDry: boolean;
  /** Letters of events that have changed tables are replayed too. */
  readonly #withApplied: boolean;
  readonly #counts = new Map<string, number>();
  #transactions: KafkaTransactions | undefined;
  #chunk: Letter[] = [];
  #replayed = 0;
  #passed = 0;
  /** Letters left out because their events have changed tables. */
  #applied = 0;
  /** Places of records whose letters are not whole. */
  readonly #cut: string[] = [];

  constructor(session: AppSession, admin: KafkaAdmin, options: RawOptions) {
    this.#session = session;
    this.#admin = admin;
    const isWanted = letterFilter(options);
    this.#withApplied = options['applied'] === true;
    this.#isWanted = (letter) => isWanted(letter) && !this.#isLeftOut(letter);
    this.#isFiltered = isWanted;
    this.#to = textFlag(options, 'to');
    const instead = textFlag(options, 'for');
    if (this.#to !== undefined && instead !== undefined)
      throw new CommandError(2, '--for does not go with --to: every agent of that topic gets the records');
    this.#addressee = new Addressee(session.app, instead);
    this.#isDry = options['dryRun'] === true;
  }

  /** Reads the letters once before anything is sent. @throws CommandError (exit 2) when an agent that they are for does not exist */
  async check(topics: readonly string[]): Promise<void> {
    if (this.#to !== undefined) return;
    const wanted: LetterInfo[] = [];
    const reader = await this.#reader(topics);
    try {
      for await (const { record } of reader.letters()) {
        const letter = readLetter(record.headers);
        // Stacks are large, and there may be many letters.
        if (this.#isWanted(letter)) wanted.push({ ...letter, stack: undefined });
      }
    } finally {
      await reader.close();
    }
    this.#addressee.check(wanted);
  }

  async #reader(topics: readonly string[]): Promise<LetterReader> {
    return new LetterReader(await this.#session.client(), this.#admin, replayGroupOf(this.#session.app.id), topics);
  }

  async run(topics: readonly string[], limit: number): Promise<void> {
    // Before positions are read: a replay that was killed may have left a transaction open.
    if (!this.#isDry) this.#transactions = await (await this.#session.client()).transactions(replayGroupOf(this.#session.app.id));
    const reader = await this.#reader(topics);
    try {
      for await (const letter of reader.letters()) {
        const info = readLetter(letter.record.headers);
        if ((info.cut !== undefined || info.records !== undefined) && this.#isWanted(info)) {
          this.#cut.push(originOf(info));
          continue;
        }
        if (!this.#isWanted(info)) {
          if (this.#isFiltered(info)) this.#applied++;
          else this.#passed++;
          continue;
        }
        this.#chunk.push(letter);
        if (this.#replayed + this.#chunk.length >= limit) break;
        if (this.#chunk.length >= CHUNK) await this.#send(reader);
      }
      await this.#send(reader);
    } finally {
      await this.#transactions?.close();
      await reader.close();
    }
    this.#tell();
  }

  /** The event has finished, and an output was refused: handled again, it would change its tables a second time. */
  #isLeftOut({ state }: LetterInfo): boolean {
    return state === 'applied' && !this.#withApplied;
  }

  async #send(reader: LetterReader): Promise<void> {
    const chunk = this.#chunk;
    this.#chunk = [];
    if (chunk.length === 0) return;
    if (!this.#isDry) {
      if (!reader.hasRoom()) {
        throw new CommandError(1, `stopped after ${this.#replayed}: too many letters between those replayed are left out by the filter`, {
          next: 'Replay or purge the older ones first. Those replayed so far are marked as such.',
        });
      }
      const records: OutputRecord[] = [];
      for (const letter of chunk) records.push(await this.#recordOf(letter));
      for (const letter of chunk) reader.finish(letter);
      const { member, offsets } = reader.commitPoint();
      await this.#transactions?.write(records, member, offsets);
    }
    this.#replayed += chunk.length;
    for (const letter of chunk) this.#note(letter);
  }

  #note({ partition, record }: Letter): void {
    const info = readLetter(record.headers);
    const to = this.#to ?? info.topic ?? '?';
    this.#counts.set(to, (this.#counts.get(to) ?? 0) + 1);
    const status = this.#isDry ? 'would be replayed' : 'replayed';
    const agent = this.#addressee.of(info);
    this.#session.output.data({ letter: { ...partition, offset: record.offset }, origin: originOf(info), agent, to, status });
    if (this.#isDry) this.#session.output.line(`  ${originOf(info)}  ${agent ?? 'all agents'}  ${info.error ?? ''}: ${info.message ?? ''}`);
  }

  async #recordOf({ record }: Letter): Promise<OutputRecord> {
    const info = readLetter(record.headers);
    const topic = this.#to ?? info.topic;
    if (topic === undefined) throw new CommandError(1, 'a letter does not say where it came from', { next: 'Name a topic: --to TOPIC.' });
    const partitions = await this.#partitionsOf(topic);
    const own = this.#to === undefined && info.partition !== undefined && info.partition < partitions ? info.partition : undefined;
    const partition = own ?? (record.key === null ? 0 : partitionOf(record.key, partitions));
    const headers = replayHeaders(record.headers, this.#to === undefined ? { ...info, agent: this.#addressee.of(info) } : undefined);
    return { topic, partition, key: record.key, value: record.value, headers, timestamp: info.timestamp };
  }

  readonly #known = new Map<string, number>();

  async #partitionsOf(topic: string): Promise<number> {
    const known = this.#known.get(topic) ?? (await this.#admin.partitionCounts([topic])).get(topic);
    if (known === undefined) throw new CommandError(1, `topic "${topic}" does not exist`, { next: 'Name another one: --to TOPIC.' });
    this.#known.set(topic, known);
    return known;
  }

  #tell(): void {
    const { output } = this.#session;
    const verb = this.#isDry ? 'would be replayed' : 'replayed';
    for (const [topic, count] of this.#counts) output.line(`${count} ${verb} to ${topic}`);
    if (this.#replayed === 0) output.line(this.#passed === 0 ? 'nothing to replay' : 'nothing to replay that the filter lets through');
    if (this.#cut.length > 0) {
      output.line(
        `${this.#cut.length} left out, because their letters do not hold the whole record; the records are at ${this.#cut.join(', ')}`,
      );
    }
    if (this.#applied > 0) {
      output.line(
        `${this.#applied} left out, because their events have changed tables: what was refused is one of their outputs; --applied replays them, and changes the tables again`,
      );
    }
    output.data({
      replayed: this.#isDry ? 0 : this.#replayed,
      ...(this.#isDry ? { wouldReplay: this.#replayed } : {}),
      passedOver: this.#passed,
      ...(this.#cut.length > 0 ? { cut: this.#cut } : {}),
      ...(this.#applied > 0 ? { applied: this.#applied } : {}),
    });
  }
}
