import type { ChangeStream } from '../events/change-stream.ts';
import { decodeMessage } from '../pgoutput/decode.ts';
import { formatLsn, parseLsn } from '../pgoutput/lsn.ts';
import type { Publisher } from '../publishing/publisher.ts';
import { fetched } from '../server/cursor.ts';
import type { Database } from '../server/database.ts';
import { identifier, literal } from '../server/sql.ts';
import { RestartPoint } from './restart-point.ts';
import type { Slot } from './slot.ts';

// With SQL there is no position to keep elsewhere and no keep-alive to answer, and confirming is exact.
//
// A slot may be moved to the end of the log as it was before a look that saw everything, not after it, and never past a commit
// record that began before that end, which the look has seen.

/** Number of changes after which a look at the log ends, at the next end of a transaction. */
const LOOK_CHANGES = 10_000;
/** Size of other tables' log after which the slot is moved at once. */
const MOVE_BYTES = 16n * 1024n * 1024n;

export interface SlotReaderParts {
  readonly database: Database;
  readonly slot: string;
  readonly publication: string;
  /** Read logical messages too. */
  readonly messages: boolean;
  readonly stream: ChangeStream;
  readonly publisher: Publisher;
  readonly heartbeatMs: number;
  /** The slot's position at the start. */
  readonly place: Slot;
  /** Returns why the stream has a gap now, or undefined when it has none. */
  readonly gap: () => Promise<Error | undefined>;
}

/**
 * Reads a slot with SQL: peeks at the changes, publishes them, and moves the slot when all of them are acknowledged. Peeking leaves
 * them in the slot, so a crash at any point repeats whole transactions and loses none.
 */
export class SlotReader {
  readonly #parts: SlotReaderParts;
  readonly #restartPoint: RestartPoint;
  /** End of the log at the last look that read all of it. */
  #seen = -1n;
  /** The position to which the slot may be moved, and has not been yet. */
  #unmoved: bigint | undefined;
  #moved: bigint;
  /** A later restart point, which holds once the slot is moved past it. */
  #noted: bigint | undefined;
  #movedAt = Date.now();

  constructor(parts: SlotReaderParts) {
    this.#parts = parts;
    this.#moved = parts.place.confirmed;
    this.#restartPoint = new RestartPoint(parts.database, parts.slot, parts.place.restart);
  }

  /**
   * Publishes new changes, up to a number of them; a transaction is never split. Where the stream has a gap, everything before it is
   * published first, and the slot is not moved past it.
   *
   * @returns the number of messages
   * @throws the gap
   */
  async look(): Promise<number> {
    const { database, publisher, gap } = this.#parts;
    if ((await this.#flushed()) <= this.#seen) {
      await this.#moveWhenDue();
      return 0;
    }
    const before = await gap();
    const end = await this.#flushed();
    await database.rows('begin');
    const { rows, reached } = await this.#publish(end);
    await publisher.settled();
    await database.rows('commit');
    const hasMore = rows >= LOOK_CHANGES;
    if (before !== undefined && !hasMore) throw before;
    // A gap since then is met by the next look, which reads all of this again.
    if (before === undefined && (await gap()) !== undefined) return rows;
    if (!hasMore) this.#seen = end;
    // Everything committed before it is published, or not of our tables; open transactions commit after it.
    this.#unmoved = hasMore || reached > end ? reached : end;
    if (rows > 0) await this.#move(this.#unmoved);
    else await this.#moveWhenDue();
    return rows;
  }

  async #flushed(): Promise<bigint> {
    return parseLsn(await this.#parts.database.required('select pg_current_wal_flush_lsn()'));
  }

  /** @returns the end of the last transaction, or the position of the last message outside of one */
  async #publish(end: bigint): Promise<{ rows: number; reached: bigint }> {
    const { database, slot, publication, messages, stream, publisher } = this.#parts;
    const options = `'proto_version', '1', 'publication_names', ${literal(identifier(publication))}${messages ? `, 'messages', 'true'` : ''}`;
    // In base64, a third shorter than the hex that a bytea is sent in.
    const query = `select lsn, encode(data, 'base64') from pg_logical_slot_peek_binary_changes(${literal(slot)}, ${literalLsn(end)}, ${LOOK_CHANGES}, ${options})`;
    let [rows, reached] = [0, 0n];
    for await (const part of fetched(database, query)) {
      rows += part.length;
      for (const [lsn, data] of part) {
        const message = decodeMessage(Buffer.from(data ?? '', 'base64'));
        const step = await stream.next(message, parseLsn(lsn ?? ''));
        if (step.events.length > 0) await publisher.publish(step.events);
        if (step.committed !== undefined) reached = step.committed;
        else if (message.kind === 'message' && !message.isTransactional) reached = message.lsn;
      }
    }
    return { rows, reached };
  }

  /**
   * While only other tables are written, the slot is moved every heartbeat, so that the server can drop its log; and earlier when much
   * was written, because every look decodes again from the slot's position.
   */
  async #moveWhenDue(): Promise<void> {
    if (this.#unmoved === undefined) return;
    const isDue = Date.now() - this.#movedAt >= this.#parts.heartbeatMs || this.#unmoved - this.#moved >= MOVE_BYTES;
    if (isDue || (this.#noted !== undefined && this.#unmoved >= this.#noted)) await this.#move(this.#unmoved);
  }

  async #move(to: bigint): Promise<void> {
    const { database, slot } = this.#parts;
    await database.rows('select pg_replication_slot_advance($1, $2::pg_lsn)', [slot, formatLsn(to)]);
    this.#unmoved = undefined;
    this.#moved = to;
    this.#movedAt = Date.now();
    if (this.#noted !== undefined && to >= this.#noted) this.#noted = undefined;
    this.#noted = (await this.#restartPoint.follow(to)) ?? this.#noted;
  }
}

function literalLsn(lsn: bigint): string {
  return `${literal(formatLsn(lsn))}::pg_lsn`;
}
