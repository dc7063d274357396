import { randomBytes } from 'node:crypto';
import type { Settings } from '../../config/index.ts';
import { StreamerError } from '../../errors.ts';
import type { KafkaAdmin, KafkaClient, KafkaTransactions, MemberTable, StatefulMember } from '../../kafka/index.ts';
import type { DeclaredTable } from '../../tables/index.ts';
import { Restorer } from '../restore/restorer.ts';
import type { Services } from '../services.ts';
import { Fencing } from './fencing.ts';

export interface StatefulParts {
  readonly appId: string;
  readonly tables: ReadonlyMap<string, DeclaredTable>;
  /** With the topics that they are read and written from. */
  readonly memberTables: readonly MemberTable[];
  readonly settings: Settings;
  readonly client: KafkaClient;
  readonly admin: () => Promise<KafkaAdmin>;
  readonly renewAdmin: () => void;
  readonly services: Services;
}

/** What a worker of an app with tables has beside the others: transactions, restores, and the fencing of members that are gone. */
export class Stateful {
  /** The same for no other process: two would fence each other. */
  readonly transactionalId: string;
  readonly fencing: Fencing;
  readonly restorer: Restorer;
  readonly #parts: StatefulParts;
  #transactions: KafkaTransactions | undefined;

  constructor(parts: StatefulParts) {
    const { appId, client, services, settings } = parts;
    this.#parts = parts;
    this.transactionalId = `${appId}.${randomBytes(6).toString('hex')}`;
    this.fencing = new Fencing((id) => client.fence(id));
    this.restorer = new Restorer({ ...parts, ...services, fencing: this.fencing, onOffsetsMoved: settings.onOffsetsMoved });
  }

  /** What the leader of the group gets. */
  get member(): StatefulMember {
    return { transactionalId: this.transactionalId, tables: this.#parts.memberTables };
  }

  get transactions(): KafkaTransactions {
    if (this.#transactions === undefined) throw new StreamerError('USAGE', 'the transactions of the worker are not open');
    return this.#transactions;
  }

  tableOf(changelog: string): string | undefined {
    return [...this.#parts.tables.values()].find((table) => table.changelog === changelog)?.name;
  }

  /** Opens the transactional id. @throws KafkaError (rejects) when the broker has no transactions, or the right is missing */
  async open(): Promise<void> {
    this.#transactions ??= await this.#parts.client.transactions(this.transactionalId);
  }

  async close(): Promise<void> {
    await Promise.all([this.restorer.close(), this.#transactions?.close()]);
  }
}
