import { headerText } from '../../connect-data/header-text.ts';
import type { ConnectSchema, ConnectValue } from '../../connect-data/schema.ts';
import type { LogicalMessage, RowChange } from '../pgoutput/message.ts';
import { binary, binaryWriter } from '../types/binary.ts';
import type { TypeOptions } from '../types/field-type.ts';
import type { ChangeEvent, Data } from './change-event.ts';
import type { Clock } from './clock.ts';
import { messageKeySchema, messageSchema } from './envelope-schema.ts';
import { type ChangePosition, type SourceIdentity, sourceBlock } from './position.ts';
import type { SnapshotTuple, Table } from './table.ts';
import { topicName } from './topic-name.ts';

// Events are built as Kafka Connect's schemas and values and encoded by a converter (JSON, Avro), so that Debezium's own rules (defaults
// for nulls, what a null in a required column becomes) have one place each.

export interface EncoderOptions {
  readonly identity: SourceIdentity;
  /** Write a tombstone after each delete. */
  readonly tombstones: boolean;
  /** For the headers `__debezium.context.*`; undefined for none. */
  readonly runId: string | undefined;
  readonly clock: Clock;
  /** How the content of logical messages is written. */
  readonly binary: TypeOptions['binary'];
}

type Headers = ChangeEvent['headers'];

/** Turns changes into events in Debezium's form. */
export class EventEncoder {
  readonly #options: EncoderOptions;
  readonly #context: Headers;
  readonly #messageSchema: ConnectSchema;

  constructor(options: EncoderOptions) {
    this.#options = options;
    this.#messageSchema = messageSchema(binary(options.binary).schema);
    this.#context =
      options.runId === undefined
        ? []
        : [
            ['__debezium.context.connectorLogicalName', options.identity.prefix],
            ['__debezium.context.taskId', '0'],
            ['__debezium.context.connectorName', 'postgresql'],
            ['__debezium.context.runId', options.runId],
          ];
  }

  /** A row of the snapshot. */
  read(table: Table, texts: SnapshotTuple, position: ChangePosition): ChangeEvent[] {
    const row = table.read(texts);
    return [this.#event(table, 'r', null, row, keyOf(table, row), position)];
  }

  change(table: Table, change: RowChange, position: ChangePosition): ChangeEvent[] {
    const { old } = change;
    const before = old === undefined ? null : table.row(old.tuple);
    if (change.kind === 'delete') return before === null ? [] : this.#deletion(table, before, position, []);
    const after = table.row(change.new, old?.of === 'row' ? old.tuple : undefined);
    if (change.kind === 'insert') return [this.#event(table, 'c', null, after, keyOf(table, after), position)];
    if (before !== null && table.key !== undefined && !table.hasSameKey(before, after, change.new)) {
      return this.#move(table, table.key, before, after, position);
    }
    return [this.#event(table, 'u', before, after, keyOf(table, after), position)];
  }

  /** The delete of a row that a new snapshot did not find any more, by its key; the other columns are not known. */
  gone(table: Table, key: readonly ConnectValue[], position: ChangePosition): ChangeEvent[] {
    return this.#deletion(table, table.rowOfKey(key), position, []);
  }

  truncate(tables: readonly Table[], position: ChangePosition): ChangeEvent[] {
    return tables.map((table) => this.#event(table, 't', null, null, null, position));
  }

  /** The event of a logical message. Such events have no context headers. */
  message({ prefix, content }: LogicalMessage, position: ChangePosition): ChangeEvent[] {
    const { identity, clock } = this.#options;
    const value = ['m', clock()[0], sourceBlock(identity, position, '', ''), null, [prefix, binaryWriter(this.#options.binary)(content)]];
    const key = { schema: messageKeySchema, value: [prefix] };
    return [{ topic: topicName(`${identity.prefix}.message`), key, value: { schema: this.#messageSchema, value }, headers: [] }];
  }

  #deletion(table: Table, before: ConnectValue[], position: ChangePosition, headers: Headers): ChangeEvent[] {
    const key = keyOf(table, before);
    const event = this.#event(table, 'd', before, null, key, position, headers);
    if (!this.#options.tombstones) return [event];
    return [event, { ...event, value: null }];
  }

  /** A changed key is a delete under the old key and an insert under the new one; each names the other in a header. */
  #move(table: Table, key: ConnectSchema, before: ConnectValue[], after: ConnectValue[], position: ChangePosition): ChangeEvent[] {
    const write = (row: readonly ConnectValue[]) => headerText(key, table.keyOf(row));
    const newKey: Headers = [['__debezium.newkey', write(after)]];
    const oldKey: Headers = [['__debezium.oldkey', write(before)]];
    return [
      ...this.#deletion(table, before, position, newKey),
      this.#event(table, 'c', null, after, keyOf(table, after), position, oldKey),
    ];
  }

  #event(
    table: Table,
    op: string,
    before: ConnectValue,
    after: ConnectValue,
    key: Data | null,
    position: ChangePosition,
    headers: Headers = [],
  ): ChangeEvent {
    const source = sourceBlock(this.#options.identity, position, table.schema, table.name);
    const value = [before, after, source, null, op, ...this.#options.clock()];
    return { topic: table.topic, key, value: { schema: table.envelope, value }, headers: [...headers, ...this.#context] };
  }
}

function keyOf(table: Table, row: readonly ConnectValue[]): Data | null {
  return table.key === undefined ? null : { schema: table.key, value: table.keyOf(row) };
}
