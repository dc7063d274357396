import { randomUUID } from 'node:crypto';
import { libraryLog } from '../../observe/index.ts';
import type { SourceContext } from '../source.ts';
import { Catalog } from './catalog/catalog.ts';
import { capturedBy, type PublishedTable, readPublication } from './catalog/publication.ts';
import { type TableIdentities, TableRegistry } from './catalog/table-registry.ts';
import { type IdentifiedTable, TableWatch } from './catalog/table-watch.ts';
import { type CaptureMemory, nothingYet, refuseGaps, refuseOtherPublication, slotGone } from './continuity.ts';
import { Discontinuity } from './discontinuity.ts';
import { ChangeStream } from './events/change-stream.ts';
import { systemClock } from './events/clock.ts';
import { EventEncoder } from './events/encoder.ts';
import { type Preflight, preflight, refuseProblems } from './preflight/preflight.ts';
import { publicationStatement } from './preflight/publication-findings.ts';
import { Flight } from './publishing/flight.ts';
import { Publisher } from './publishing/publisher.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import type { Database } from './server/database.ts';
import { needsRights } from './server/server-error.ts';
import { keepLooking } from './slot/keep-looking.ts';
import { createSlot, dropSlot, findSlot, type Slot } from './slot/slot.ts';
import { SlotReader } from './slot/slot-reader.ts';
import { slotWithSnapshot } from './snapshot/first-snapshot.ts';

const log = libraryLog('source.postgres');
/** The version of Debezium whose form the events have. */
const FORM = '3.7.0.Final';

interface Parts {
  readonly catalog: Catalog;
  readonly encoder: EventEncoder;
  readonly registry: TableRegistry;
  readonly publisher: Publisher;
  readonly tables: readonly PublishedTable[];
}

/** One run of a source that holds the slot's lock: preflight, snapshot where one is due, then the stream until it is stopped. */
export class Capture {
  readonly #database: Database;
  readonly #context: SourceContext;
  readonly #options: ResolvedOptions;
  readonly #memory: CaptureMemory;

  constructor(database: Database, context: SourceContext, options: ResolvedOptions, memory: CaptureMemory) {
    this.#database = database;
    this.#context = context;
    this.#options = options;
    this.#memory = memory;
  }

  /** Resolves when it was stopped. */
  async run(): Promise<void> {
    for (;;) {
      try {
        return await this.#once();
      } catch (error) {
        if (!(error instanceof Discontinuity)) throw error;
        await this.#afterGap(error);
      }
    }
  }

  /** @throws StreamerError unless the options ask for a new snapshot */
  async #afterGap(gap: Discontinuity): Promise<void> {
    if (this.#options[gap.decision] === 'stop') {
      // A slot that is dropped from now on was dropped on purpose, by `streamer cdc reset`.
      if (gap.decision === 'onTableReplaced') this.#memory.hasHadSlot = false;
      throw gap.refusal();
    }
    this.#context.state('snapshot', `takes a new snapshot: ${gap.message}`);
    await this.#database.rows('rollback');
    // The slot is kept where there can be no snapshot.
    refuseProblems(await preflight(this.#database, this.#options));
    await dropSlot(this.#database, this.#options.slot);
    Object.assign(this.#memory, nothingYet(), { isSnapshotDue: true });
  }

  async #once(): Promise<void> {
    const database = this.#database;
    const checked = await preflight(database, this.#options);
    const found = await findSlot(database, this.#options.slot);
    refuseGaps(this.#options, checked.facts, found, this.#memory);
    if (found !== undefined) await refuseOtherPublication(database, this.#options, identified(checked));
    refuseProblems(checked);
    logWarnings(this.#options.slot, checked);
    const parts = await this.#prepare(checked);
    if (found === undefined) await this.#begin(checked, parts);
    if (this.#context.signal.aborted) return;
    const place = found ?? (await findSlot(database, this.#options.slot));
    if (place === undefined) throw slotGone(this.#options.slot);
    Object.assign(this.#memory, { hasHadSlot: true, isSnapshotDue: false });
    await this.#stream(parts, place, found?.confirmed ?? null, identified(checked));
  }

  async #prepare(checked: Preflight): Promise<Parts> {
    const database = this.#database;
    const { prefix, types, converter, unwrap, publication, tables: wanted } = this.#options;
    const statement = publicationStatement(checked.facts, this.#options);
    if (statement !== undefined) await this.#administer(statement, checked.facts.server.role);
    const tables = (await readPublication(database, publication, wanted))?.tables ?? [];
    const catalog = new Catalog(database);
    return {
      catalog,
      encoder: await this.#encoder(),
      registry: new TableRegistry(catalog, types, prefix, capturedBy(database, wanted, tables), identitiesOf(checked)),
      publisher: new Publisher(converter, unwrap, new Flight(this.#context)),
      tables,
    };
  }

  /** Runs a statement that may need more rights than the role has. */
  async #administer(statement: string, role: string): Promise<void> {
    try {
      await this.#database.rows(statement);
    } catch (error) {
      throw needsRights(error, [`${statement};`], role) ?? error;
    }
  }

  /** Creates the slot, after a snapshot where one is due. */
  async #begin({ facts: { server } }: Preflight, parts: Parts): Promise<void> {
    const { slot, snapshot } = this.#options;
    if (snapshot === 'never' && !this.#memory.isSnapshotDue) return createSlot(this.#database, slot);
    const { role, encoding } = server;
    const isAscii = encoding === 'SQL_ASCII';
    await slotWithSnapshot(this.#database, { ...parts, options: this.#options, role, isAscii, context: this.#context });
  }

  async #stream(parts: Parts, place: Slot, previousLsn: bigint | null, tables: readonly IdentifiedTable[]): Promise<void> {
    const { slot, publication, skip, messages, heartbeatMs } = this.#options;
    const { encoder, registry, publisher } = parts;
    const database = this.#database;
    const watch = new TableWatch(database, { publication, slot }, tables);
    const gap = await watch.gap();
    if (gap !== undefined) throw gap;
    this.#memory.tables = tables;
    const stream = new ChangeStream(encoder, registry, skip, previousLsn);
    const reader = new SlotReader({ database, slot, publication, messages, stream, publisher, heartbeatMs, place, gap: () => watch.gap() });
    this.#context.state('streaming', `reads ${tables.length === 1 ? 'one table' : `${tables.length} tables`} from the slot "${slot}"`);
    await keepLooking(reader, database, this.#options, this.#context.signal);
  }

  async #encoder(): Promise<EventEncoder> {
    const { prefix, tombstones, contextHeaders, types } = this.#options;
    const name = await this.#database.required('select current_database()');
    return new EventEncoder({
      identity: { version: FORM, prefix, database: name },
      tombstones,
      runId: contextHeaders ? randomUUID() : undefined,
      clock: systemClock,
      binary: types.binary,
    });
  }
}

function logWarnings(slot: string, { findings }: Preflight): void {
  for (const { level, about, text, sql = [], next = '' } of findings) {
    if (level === 'warning') log.warning('slot {slot}: {about}: {text} {advice}', { slot, about, text, advice: [...sql, next].join(' ') });
  }
}

function identitiesOf({ facts: { tables, server } }: Preflight): TableIdentities {
  const named = tables.flatMap(({ oid, schema, name }) => (oid === undefined ? [] : [[oid, { schema, name }] as const]));
  return { tables: new Map(named), until: server.flushedLsn };
}

function identified({ facts }: Preflight): IdentifiedTable[] {
  return facts.tables.flatMap(({ schema, name, oid }) => (oid === undefined ? [] : [{ schema, name, oid }]));
}
