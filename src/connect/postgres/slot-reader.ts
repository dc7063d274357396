import type { ChangeStream } from './change-stream.ts';
import { fetched } from './cursor.ts';
import { type Database, identifier, literal } from './database.ts';
import { decodeMessage } from './pgoutput/decode.ts';
import { formatLsn, parseLsn } from './pgoutput/lsn.ts';
import type { Publisher } from './publisher.ts';
import { RestartPoint } from './restart-point.ts';
import type { Slot } from './slot.ts';

/** Changes after which a look at the log ends, at the next end of a transaction. */
const LOOK_CHANGES = 10_000;
/** Log of other tables after which the slot is moved on at once. */
const MOVE_BYTES = 16n * 1024n * 1024n;

export interface SlotReaderParts {
  readonly database: Database;
  readonly slot: string;
  readonly publication: string;
  /** Ask for logical messages too. */
  readonly messages: boolean;
  readonly stream: ChangeStream;
  readonly publisher: Publisher;
  readonly heartbeatMs: number;
  /** Where the slot stands. */
  readonly place: Slot;
}

/**
 * Reads a slot with SQL: peeks at what is there, publishes it, and moves the slot on when all of it is acknowledged. What is
 * peeked at stays in the slot, so a crash at any point repeats whole transactions and loses none.
 */
export class SlotReader {
  readonly #parts: SlotReaderParts;
  readonly #restartPoint: RestartPoint;
  /** The end of the log at the last look that saw all of it. */
  #seen = -1n;
  /** Where the slot may be moved to, and has not been yet. */
  #unmoved: bigint | undefined;
  #moved: bigint;
  /** The slot begins nearer once it is moved beyond. */
  #noted: bigint | undefined;
  #movedAt = Date.now();

  constructor(parts: SlotReaderParts) {
    this.#parts = parts;
    this.#moved = parts.place.confirmed;
    this.#restartPoint = new RestartPoint(parts.database, parts.slot, parts.place.restart);
  }

  /**
   * Publishes what is new, up to a number of changes; a transaction is never cut.
   *
   * @returns how many messages there were
   */
  async look(): Promise<number> {
    const { database, publisher } = this.#parts;
    const end = parseLsn((await database.value('select pg_current_wal_flush_lsn()'))!);
    if (end <= this.#seen) {
      await this.#moveWhenDue();
      return 0;
    }
    await database.rows('begin');
    const { rows, reached } = await this.#publish(end);
    await publisher.settled();
    await database.rows('commit');
    const hasMore = rows >= LOOK_CHANGES;
    if (!hasMore) this.#seen = end;
    // All that was committed before has been published, or is none of ours; what is still under way commits behind it.
    this.#unmoved = hasMore || reached > end ? reached : end;
    if (rows > 0) await this.#move(this.#unmoved);
    else await this.#moveWhenDue();
    return rows;
  }

  /** @returns where the last transaction ended, or where the last message outside of one stands */
  async #publish(end: bigint): Promise<{ rows: number; reached: bigint }> {
    const { database, slot, publication, messages, stream, publisher } = this.#parts;
    const options = `'proto_version', '1', 'publication_names', ${literal(identifier(publication))}${messages ? `, 'messages', 'true'` : ''}`;
    // In base64, a third shorter than the hex that a bytea is sent in.
    const query = `select lsn, encode(data, 'base64') from pg_logical_slot_peek_binary_changes(${literal(slot)}, ${literalLsn(end)}, ${LOOK_CHANGES}, ${options})`;
    let [rows, reached] = [0, 0n];
    for await (const part of fetched(database, query)) {
      rows += part.length;
      for (const [lsn, data] of part) {
        const message = decodeMessage(Buffer.from(data!, 'base64'));
        const step = await stream.next(message, parseLsn(lsn!));
        if (step.events.length > 0) await publisher.publish(step.events);
        if (step.committed !== undefined) reached = step.committed;
        else if (message.kind === 'message' && !message.isTransactional) reached = message.lsn;
      }
    }
    return { rows, reached };
  }

  /**
   * While nothing of ours happens it is enough to move now and then, so that the server may drop its log; and when much was written,
   * because every look reads what lies behind the slot's place again.
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
