import { StreamerError } from '../../../errors.ts';
import type { TableRegistry } from '../catalog/table-registry.ts';
import type { Begin, LogicalMessage, PgoutputMessage, RowChange, Truncate } from '../pgoutput/message.ts';
import type { ChangeEvent } from './change-event.ts';
import type { EventEncoder } from './encoder.ts';
import type { ChangePosition } from './position.ts';

const OPERATION = { insert: 'c', update: 'u', delete: 'd' } as const;

/** What follows from a message. */
export interface Step {
  readonly events: readonly ChangeEvent[];
  /** Set at a commit: the slot may be moved here once all events so far are acknowledged. */
  readonly committed?: bigint | undefined;
}

const NOTHING: Step = { events: [] };

/** Turns the messages of a slot into events, transaction by transaction. */
export class ChangeStream {
  readonly #encoder: EventEncoder;
  readonly #tables: TableRegistry;
  readonly #skip: ReadonlySet<string>;
  #transaction: Begin | undefined;
  #hasEvents = false;
  #previousLsn: bigint | null;
  #lastMicros = 0n;

  /** @param previousLsn end of the last transaction that was confirmed; null for none */
  constructor(encoder: EventEncoder, tables: TableRegistry, skip: ReadonlySet<string>, previousLsn: bigint | null) {
    this.#encoder = encoder;
    this.#tables = tables;
    this.#skip = skip;
    this.#previousLsn = previousLsn;
  }

  /** @param lsn the message's position in the log */
  async next(message: PgoutputMessage, lsn: bigint): Promise<Step> {
    if (message.kind !== 'relation') return this.take(message, lsn);
    await this.#tables.define(message, lsn);
    return NOTHING;
  }

  /** The same for all messages but relations, for which the catalogue is read. */
  take(message: Exclude<PgoutputMessage, { kind: 'relation' }>, lsn: bigint): Step {
    switch (message.kind) {
      case 'begin':
        this.#transaction = message;
        this.#hasEvents = false;
        this.#lastMicros = message.commitMicros;
        return NOTHING;
      case 'commit':
        this.#transaction = undefined;
        if (this.#hasEvents) this.#previousLsn = message.endLsn;
        return { events: [], committed: message.endLsn };
      case 'insert':
      case 'update':
      case 'delete':
        return this.#row(message, lsn);
      case 'truncate':
        return this.#truncate(message, lsn);
      case 'message':
        return this.#message(message);
      default:
        return NOTHING;
    }
  }

  #row(change: RowChange, lsn: bigint): Step {
    this.#hasEvents = true;
    const table = this.#tables.get(change.relation);
    if (table === undefined || this.#skip.has(OPERATION[change.kind])) return NOTHING;
    return { events: this.#encoder.change(table, change, this.#position(lsn)) };
  }

  #truncate({ relations }: Truncate, lsn: bigint): Step {
    this.#hasEvents = true;
    if (this.#skip.has('t')) return NOTHING;
    const tables = relations.map((id) => this.#tables.get(id)).filter((table) => table !== undefined);
    return { events: this.#encoder.truncate(tables, this.#position(lsn)) };
  }

  #message(message: LogicalMessage): Step {
    if (message.isTransactional) {
      this.#hasEvents = true;
      return { events: this.#encoder.message(message, this.#position(message.lsn)) };
    }
    this.#previousLsn = message.lsn;
    const position = { snapshot: 'false', micros: this.#lastMicros, txId: null, lsn: message.lsn, previousLsn: message.lsn } as const;
    return { events: this.#encoder.message(message, position) };
  }

  #position(lsn: bigint): ChangePosition {
    if (this.#transaction === undefined) throw new StreamerError('DECODE', 'the replication slot gave a change outside of a transaction');
    const { commitMicros, xid } = this.#transaction;
    return { snapshot: 'false', micros: commitMicros, txId: xid, lsn, previousLsn: this.#previousLsn };
  }
}
