import type { ResolvedOptions } from '../resolve-options.ts';
import { replicationGrant } from '../server/server-error.ts';
import type { Facts, ServerFacts } from './facts.ts';
import type { Finding } from './finding.ts';

const OLDEST = 130_000;
const WITH_MESSAGES = 140_000;

/** Judges the server, its settings, and the slots that it has left. */
export function serverFindings({ server, hasSlot }: Facts, options: ResolvedOptions): Finding[] {
  return [
    ...versionFindings(server, options.messages),
    ...settingFindings(server),
    ...roleFindings(server),
    ...slotFindings(server, options, hasSlot),
  ];
}

function versionFindings({ version }: ServerFacts, messages: boolean): Finding[] {
  const major = Math.floor(version / 10_000);
  if (version < OLDEST) return [{ level: 'problem', about: 'server', text: `the server is PostgreSQL ${major}; 13 or later is needed` }];
  if (!messages || version >= WITH_MESSAGES) return [];
  const text = `PostgreSQL ${major} has no logical messages in its slots; 14 or later is needed`;
  return [{ level: 'problem', about: 'messages', text }];
}

function settingFindings({ walLevel, isStandby, encoding }: ServerFacts): Finding[] {
  const level: Finding = {
    level: 'problem',
    about: 'wal_level',
    text: `the server's wal_level is "${walLevel}": its log has no changes to read`,
    sql: [`alter system set wal_level = 'logical';`],
    next: 'Run this as a superuser, then restart the server.',
  };
  const standby: Finding = {
    level: 'problem',
    about: 'server',
    text: 'the server is a standby',
    next: 'Give the url of the primary server.',
  };
  const ascii: Finding = {
    level: 'warning',
    about: 'server_encoding',
    text: 'the database has the encoding SQL_ASCII, so its text may be in any encoding; text that is not UTF-8 stops the source, which names the table, the column and the row',
  };
  return [...(walLevel === 'logical' ? [] : [level]), ...(isStandby ? [standby] : []), ...(encoding === 'SQL_ASCII' ? [ascii] : [])];
}

function roleFindings({ role, mayReplicate }: ServerFacts): Finding[] {
  if (mayReplicate) return [];
  const text = `the role "${role}" has no right to read a slot, unless the provider of the server grants it in another way`;
  return [{ level: 'warning', about: 'role', text, sql: [replicationGrant(role)] }];
}

function slotFindings({ freeSlots, maxSlotWalKeepSize }: ServerFacts, { slot, snapshot }: ResolvedOptions, hasSlot: boolean): Finding[] {
  const needed = hasSlot ? 0 : snapshot === 'never' ? 1 : 2;
  const forSnapshot = needed === 2 ? ', the second one during the snapshot' : '';
  const few: Finding = {
    level: 'problem',
    about: 'max_replication_slots',
    text: `the server has ${freeSlots} free replication slots; ${needed} are needed${forSnapshot}`,
    next: 'Drop slots that nobody reads, or raise max_replication_slots and restart the server.',
  };
  const unlimited: Finding = {
    level: 'note',
    about: 'max_slot_wal_keep_size',
    text: `while nobody reads the slot "${slot}", the server keeps its log until the disk is full`,
    next: 'Set max_slot_wal_keep_size, and watch `streamer cdc status`.',
  };
  return [...(freeSlots < needed ? [few] : []), ...(maxSlotWalKeepSize === '-1' ? [unlimited] : [])];
}
