import type { ChangeStream } from './change-stream.ts';
import { fetched } from './cursor.ts';
import { type Database, identifier, literal } from './database.ts';
import { decodeMessage } from './pgoutput/decode.ts';
import { formatLsn, parseLsn } from './pgoutput/lsn.ts';
import type { Publisher } from './publisher.ts';

/** Changes after which a look at the log ends, at the next end of a transaction. */
const LOOK_CHANGES = 10_000;

export interface SlotReaderParts {
  readonly database: Database;
  readonly slot: string;
  readonly publication: string;
  /** Ask for logical messages too. */
  readonly messages: boolean;
  readonly stream: ChangeStream;
  readonly publisher: Publisher;
  readonly heartbeatMs: number;
}

/** What a look at the log came to. */
export interface Look {
  readonly transactions: number;
  /** Was it ended by the number of changes? Then there is more to read at once. */
  readonly hasMore: boolean;
}

/**
 * Reads a slot with SQL: peeks at what is there, publishes it, and moves the slot on when all of it is acknowledged. What is
 * peeked at stays in the slot, so a crash at any point repeats whole transactions and loses none.
 */
export class SlotReader {
  readonly #parts: SlotReaderParts;
  /** The end of the log at the last look that saw all of it. */
  #seen = -1n;
  /** Where the slot may be moved to, and has not been yet. */
  #unmoved: bigint | undefined;
  #movedAt = Date.now();

  constructor(parts: SlotReaderParts) {
    this.#parts = parts;
  }

  /** Publishes what is new, up to a number of changes; a transaction is never cut. */
  async look(): Promise<Look> {
    const { database, publisher } = this.#parts;
    const end = parseLsn((await database.value('select pg_current_wal_flush_lsn()'))!);
    if (end <= this.#seen) {
      await this.#moveWhenDue();
      return { transactions: 0, hasMore: false };
    }
    await database.rows('begin');
    const { rows, transactions, committed } = await this.#publish(end);
    await publisher.settled();
    await database.rows('commit');
    const hasMore = rows >= LOOK_CHANGES;
    if (!hasMore) this.#seen = end;
    // All that was committed before has been published, or is none of ours; what is still under way commits behind it.
    this.#unmoved = hasMore || committed > end ? committed : end;
    if (transactions > 0) await this.#move(this.#unmoved);
    else await this.#moveWhenDue();
    return { transactions, hasMore };
  }

  async #publish(end: bigint): Promise<{ rows: number; transactions: number; committed: bigint }> {
    const { database, slot, publication, messages, stream, publisher } = this.#parts;
    const options = `'proto_version', '1', 'publication_names', ${literal(identifier(publication))}${messages ? `, 'messages', 'true'` : ''}`;
    // In base64, a third shorter than the hex that a bytea is sent in.
    const query = `select lsn, encode(data, 'base64') from pg_logical_slot_peek_binary_changes(${literal(slot)}, ${literalLsn(end)}, ${LOOK_CHANGES}, ${options})`;
    let [rows, transactions, committed] = [0, 0, 0n];
    for await (const part of fetched(database, query)) {
      rows += part.length;
      for (const [lsn, data] of part) {
        const step = await stream.next(decodeMessage(Buffer.from(data!, 'base64')), parseLsn(lsn!));
        if (step.events.length > 0) await publisher.publish(step.events);
        if (step.committed === undefined) continue;
        committed = step.committed;
        transactions++;
      }
    }
    return { rows, transactions, committed };
  }

  /** While nothing of ours happens it is enough to move now and then, so that the server may drop its log. */
  async #moveWhenDue(): Promise<void> {
    if (this.#unmoved !== undefined && Date.now() - this.#movedAt >= this.#parts.heartbeatMs) await this.#move(this.#unmoved);
  }

  async #move(to: bigint): Promise<void> {
    const { database, slot } = this.#parts;
    await database.rows('select pg_replication_slot_advance($1, $2::pg_lsn)', [slot, formatLsn(to)]);
    this.#unmoved = undefined;
    this.#movedAt = Date.now();
  }
}

function literalLsn(lsn: bigint): string {
  return `${literal(formatLsn(lsn))}::pg_lsn`;
}
