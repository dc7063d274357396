import { describe, expect, it } from 'vitest';
import { DiskJournal } from '../../src/broker/journal/disk-journal.ts';
import type { Entry } from '../../src/broker/journal/entry.ts';
import { HandlePool } from '../../src/broker/storage/handle-pool.ts';
import { crc32c } from '../../src/wire/crc32c.ts';
import { SimDisk } from './support/sim-disk.ts';

function openJournal(disk: SimDisk, syncsFirst = false, { isClean = false, salvage = false } = {}) {
  disk.makeFolder('/data');
  disk.syncFolder('/');
  const reports: string[] = [];
  const report = (_level: string, message: string) => void reports.push(message);
  return { journal: new DiskJournal({ folder: '/data', pool: new HandlePool(disk, 5), syncsFirst, isClean, salvage, report }), reports };
}

const topic = (name: string): Entry => ({ type: 'topic', topic: name, partitions: 2, configs: [['retention.ms', '5']] });
const commit = (offset: number, text = ''): Entry => ({ type: 'offsets', group: 'g', offsets: [['a', 0, offset, -1, text]] });

describe('a journal', () => {
  it('keeps the ids of topics, through a snapshot too, and reads entries that have none', () => {
    const disk = new SimDisk();
    const { journal } = openJournal(disk);
    journal.append({ type: 'topic', topic: 'new', id: 'abcdefghijklmnopqrstuv', partitions: 1, configs: [] });
    journal.append(topic('old'));
    journal.append({ type: 'partitions', topic: 'new', partitions: 2 });
    const entries = [...openJournal(disk).journal.state.entries()].flatMap((entry) =>
      entry.type === 'topic' ? [[entry.topic, entry.id]] : [],
    );
    expect(entries).toEqual([
      ['new', 'abcdefghijklmnopqrstuv'],
      ['old', undefined],
    ]);
  });

  it('says after it is opened again what its entries said', () => {
    const disk = new SimDisk();
    const { journal } = openJournal(disk);
    const entries: Entry[] = [
      { type: 'cluster', id: 'c' },
      topic('a'),
      topic('b'),
      { type: 'partitions', topic: 'a', partitions: 5 },
      { type: 'start', topic: 'a', partition: 1, offset: 9 },
      commit(3, 'é "quoted"'),
      { type: 'configs', topic: 'a', configs: [] },
      { type: 'topic-deleted', topic: 'b' },
      { type: 'producer-ids', next: 1000 },
    ];
    for (const entry of entries) journal.append(entry);
    const { state } = openJournal(disk).journal;
    expect(state).toEqual(journal.state);
    expect([...state.topics]).toEqual([['a', { partitions: 5, configs: [], starts: new Map([[1, 9]]) }]]);
    expect(state.groups.get('g')?.get('a', 0)).toEqual({ offset: 3, leaderEpoch: -1, metadata: 'é "quoted"' });
    expect([state.clusterId, state.nextProducerId, [...state.deleted]]).toEqual(['c', 1000, ['b']]);
  });

  it.each([1, 7, 8, 20])('is read up to the last whole entry, when only %i bytes of the next were written', (bytes) => {
    const disk = new SimDisk();
    const { journal } = openJournal(disk);
    journal.append(topic('a'));
    const end = disk.size('/data/journal.log') as number;
    journal.append(topic('b'));
    disk.open('/data/journal.log').truncate(end + bytes);
    const again = openJournal(disk);
    expect([...again.journal.state.topics.keys()]).toEqual(['a']);
    expect(again.reports).toEqual([`/data/journal.log: removed ${bytes} bytes at its end, the beginning of an entry`]);
    again.journal.append(topic('c'));
    expect([...openJournal(disk).journal.state.topics.keys()]).toEqual(['a', 'c']);
  });

  it('is folded into a snapshot when it has grown, and starts anew', () => {
    const disk = new SimDisk();
    const { journal } = openJournal(disk);
    journal.append(topic('a'));
    let largest = 0;
    for (let i = 0; i < 3000; i++) {
      journal.append(commit(i, 'x'.repeat(1000)));
      largest = Math.max(largest, disk.size('/data/journal.log') as number);
    }
    expect(largest).toBeLessThan(1_100_000);
    expect(disk.size('/data/snapshot')).toBeLessThan(2000);
    expect([...openJournal(disk).journal.state.entries()]).toEqual([...journal.state.entries()]);
  });

  it('goes on when it cannot be folded, and is folded later', () => {
    const disk = new SimDisk();
    const { journal, reports } = openJournal(disk);
    journal.append(topic('a'));
    const fill = (from: number) => {
      for (let i = from; i < from + 1100; i++) journal.append(commit(i, 'x'.repeat(1000)));
    };
    const rename = disk.rename.bind(disk);
    disk.rename = () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    };
    expect(() => fill(0)).toThrow(expect.objectContaining({ errorCode: 56 }));
    expect(reports[0]).toContain('could not be folded');
    disk.rename = rename;
    fill(2000);
    expect([...openJournal(disk).journal.state.entries()]).toEqual([...journal.state.entries()]);
  });

  it('with an entry that a newer version wrote is refused, and nothing is guessed', () => {
    const disk = new SimDisk();
    const { journal } = openJournal(disk);
    journal.append({ type: 'cluster', id: 'c' });
    const entry = Buffer.alloc(11);
    entry.writeUInt32BE(3, 0);
    entry.set([9, 0x7b, 0x7d], 8);
    entry.writeUInt32BE(crc32c(entry, 8), 4);
    disk.open('/data/journal.log').write(entry, disk.size('/data/journal.log') as number);
    expect(() => openJournal(disk)).toThrow('an entry has version 9');
  });

  it('after a sync that failed, is written anew before anything is acknowledged', async () => {
    const disk = new SimDisk();
    const { journal } = openJournal(disk, true);
    journal.append(topic('a'));
    await journal.flushed();
    journal.append(topic('b'));
    const flushed = journal.flushed();
    disk.faults.set(disk.calls, { kind: 'fail', code: 'EIO', part: 0 });
    await expect(flushed).rejects.toMatchObject({ errorCode: 56 });
    journal.append(topic('c'));
    await journal.flushed();
    const { state } = openJournal(disk.reopen('power', () => 0)).journal;
    expect([...state.topics.keys()]).toEqual(['a', 'b', 'c']);
  });
});
