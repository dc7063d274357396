import type { ResolvedOptions } from '../resolve-options.ts';
import { replicationGrant } from '../server/server-error.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';

const OLDEST = 130_000;
const WITH_MESSAGES = 140_000;

/** Judges the server, its settings, and the slots that it has left. */
export function serverFindings({ server, hasSlot }: Facts, { messages, snapshot, slot }: ResolvedOptions): Finding[] {
  const { version, walLevel, isStandby, encoding, role, mayReplicate, freeSlots, maxSlotWalKeepSize } = server;
  const major = Math.floor(version / 10_000);
  const findings: Finding[] = [];
  const add = (level: Finding['level'], about: string, text: string, more: Pick<Finding, 'sql' | 'next'> = {}) =>
    findings.push({ level, about, text, ...more });
  if (version < OLDEST) add('problem', 'server', `the server is PostgreSQL ${major}; 13 or later is needed`);
  if (messages && version < WITH_MESSAGES)
    add('problem', 'messages', `PostgreSQL ${major} has no logical messages in its slots; 14 or later is needed`);
  if (walLevel !== 'logical') {
    add('problem', 'wal_level', `the server's wal_level is "${walLevel}": its log has no changes to read`, {
      sql: [`alter system set wal_level = 'logical';`],
      next: 'Run this as a superuser, then restart the server.',
    });
  }
  if (isStandby) add('problem', 'server', 'the server is a standby', { next: 'Give the url of the primary server.' });
  if (!mayReplicate) {
    add(
      'warning',
      'role',
      `the role "${role}" has no right to read a slot, unless the provider of the server gives it in a way of its own`,
      {
        sql: [replicationGrant(role)],
      },
    );
  }
  const needed = hasSlot ? 0 : snapshot === 'never' ? 1 : 2;
  if (freeSlots < needed) {
    add(
      'problem',
      'max_replication_slots',
      `the server has ${freeSlots} free replication slots; ${needed} are needed${needed === 2 ? ', the second one during the snapshot' : ''}`,
      {
        next: 'Drop slots that nobody reads, or raise max_replication_slots and restart the server.',
      },
    );
  }
  if (encoding === 'SQL_ASCII') {
    add(
      'warning',
      'server_encoding',
      'the database has the encoding SQL_ASCII, so its text may be in any encoding; text that is not UTF-8 stops the source, which names the table, the column and the row',
    );
  }
  if (maxSlotWalKeepSize === '-1') {
    add('note', 'max_slot_wal_keep_size', `while nobody reads the slot "${slot}", the server keeps its log until the disk is full`, {
      next: 'Set max_slot_wal_keep_size, and watch `streamer cdc status`.',
    });
  }
  return findings;
}
