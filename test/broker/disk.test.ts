import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryLog } from '../../src/broker/log/memory-log.ts';
import { nodeFiles } from '../../src/broker/storage/node-files.ts';
import { valuesOf } from './support/batches.ts';
import { append, FOLDER, openLog } from './support/disk-log.ts';
import { SimDisk } from './support/sim-disk.ts';

const FIRST = `${FOLDER}/00000000000000000000.log`;

function contentOf(disk: SimDisk, path: string): Buffer {
  const bytes = Buffer.alloc(disk.size(path) ?? 0);
  disk.open(path).read(bytes, 0);
  return bytes;
}

function read(
  log: { read(offset: number, maxBytes: number, atLeastOne: boolean): readonly Buffer[] | Promise<readonly Buffer[]> },
  at = 0,
) {
  return valuesOf(log.read(at, 1_000_000, true) as readonly Buffer[]).map(({ offset, value }) => `${offset}:${value}`);
}

function segmentsOf(disk: SimDisk): string[] {
  return disk
    .list(FOLDER)
    .filter((name) => name.endsWith('.log'))
    .sort();
}

describe('a log on disk', () => {
  it('is for its reader what a log in memory is, from files or from the cache', () => {
    const batches = fc.array(fc.record({ records: fc.integer({ min: 1, max: 5 }), timestamp: fc.integer({ min: 1, max: 50 }) }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        batches,
        fc.constantFrom(0, 300, 1_000_000),
        fc.constantFrom(150, 500, 100_000),
        fc.nat(),
        fc.nat(2000),
        fc.integer({ min: 0, max: 60 }),
        fc.nat(),
        (all, tailBytes, segmentBytes, at, maxBytes, time, cut) => {
          const { log } = openLog(new SimDisk(), { limits: { segmentBytes }, tailBytes });
          const memory = new MemoryLog(() => ({ segmentBytes: 1_000_000, segmentMs: 1_000_000_000_000 }));
          for (const { records, timestamp } of all) {
            const values = Array.from({ length: records }, (_, i) => `${timestamp}-${i}`);
            expect(append(log, { values, timestamp })).toBe(append(memory, { values, timestamp }));
          }
          for (const one of [log, memory]) one.deleteBefore(cut % (memory.endOffset + 1));
          const offset = memory.startOffset + (at % (memory.endOffset - memory.startOffset + 1));
          for (const atLeastOne of [true, false]) {
            expect(Buffer.concat([...log.read(offset, maxBytes, atLeastOne)])).toEqual(
              Buffer.concat([...memory.read(offset, maxBytes, atLeastOne)]),
            );
          }
          expect(log.offsetForTime(time)).toEqual(memory.offsetForTime(time));
          expect(log.latestByTime()).toEqual(memory.latestByTime());
          expect([log.startOffset, log.endOffset]).toEqual([memory.startOffset, memory.endOffset]);
        },
      ),
    );
  });

  it('lays batches out bare, in files that are named after their first offset', () => {
    const disk = new SimDisk();
    const { log } = openLog(disk, { limits: { segmentBytes: 200 } });
    for (let i = 0; i < 5; i++) append(log, { values: ['a', 'b'] });
    expect(segmentsOf(disk)).toEqual(['00000000000000000000.log', '00000000000000000004.log', '00000000000000000008.log']);
    const all = segmentsOf(disk).map((name) => contentOf(disk, `${FOLDER}/${name}`));
    expect(valuesOf(all).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('goes on in a new file after segment.ms', () => {
    const disk = new SimDisk();
    const { log } = openLog(disk, { limits: { segmentMs: 1000 } });
    for (const timestamp of [5000, 5900, 6001, 6002]) append(log, { timestamp });
    expect(segmentsOf(disk)).toEqual(['00000000000000000000.log', '00000000000000000002.log']);
  });

  it.each([
    { name: 'size', retention: { bytes: 200, ms: -1 }, start: 6 },
    { name: 'time', retention: { bytes: -1, ms: 3500 }, start: 6 },
    { name: 'nothing', retention: { bytes: -1, ms: -1 }, start: 0 },
    { name: 'all there is', retention: { bytes: 0, ms: -1 }, start: 10 },
  ])('drops whole files by $name, and goes on after them', ({ retention, start }) => {
    const disk = new SimDisk();
    const { log } = openLog(disk, { limits: { segmentBytes: 160 } });
    for (let i = 0; i < 10; i++) append(log, { values: [`v${i}`], timestamp: 1000 * i });
    log.enforce(retention, 10_000);
    expect(log.startOffset).toBe(start);
    expect(append(log, { values: ['next'] })).toBe(10);
    expect(read(log, start)[0]).toBe(start === 10 ? '10:next' : `${start}:v${start}`);
    const again = openLog(disk).log;
    expect([again.startOffset, again.endOffset]).toEqual([start, 11]);
  });

  it('keeps no more files open than it may', () => {
    const disk = new SimDisk();
    const { log, pool } = openLog(disk, { limits: { segmentBytes: 100 }, openFiles: 3, tailBytes: 0 });
    for (let i = 0; i < 20; i++) append(log, { values: [`v${i}`] });
    expect(read(log)).toHaveLength(20);
    expect(pool.openCount).toBeLessThanOrEqual(3);
  });

  it('reads a batch that is larger than asked for, alone, when at least one is wanted', () => {
    const { log } = openLog(new SimDisk(), { tailBytes: 0 });
    append(log, { values: ['small'] });
    append(log, { values: ['x'.repeat(300_000)] });
    append(log, { values: ['after'] });
    expect(valuesOf(log.read(1, 1000, true)).map(({ offset }) => offset)).toEqual([1]);
    expect(log.read(1, 1000, false)).toEqual([]);
    expect(read(log, 2)).toEqual(['2:after']);
  });
});

describe('a log that is opened again', () => {
  function written(count = 6, segmentBytes = 1_000_000) {
    const disk = new SimDisk();
    const { log, recorded } = openLog(disk, { limits: { segmentBytes } });
    for (let i = 0; i < count; i++) recorded.push(append(log, { values: [`v${i}`], producerId: 7, producerEpoch: 0, baseSequence: i }));
    return { disk, log };
  }

  it.each([1, 20, 60, 61, 70])('is cut before a batch of which only %i bytes were written', (bytes) => {
    const { disk } = written();
    const whole = contentOf(disk, FIRST);
    const file = disk.open(FIRST);
    file.write(whole.subarray(0, bytes), whole.length);
    const { log, reports, recorded } = openLog(disk);
    expect(log.endOffset).toBe(6);
    expect(disk.size(FIRST)).toBe(whole.length);
    expect(reports).toEqual([`warn ${FIRST}: cut ${bytes} bytes at its end that are not a whole batch, after offset 5`]);
    expect(recorded).toEqual([0, 1, 2, 3, 4, 5]);
    append(log, { values: ['next'] });
    expect(read(log).at(-1)).toBe('6:next');
  });

  it('is refused when the bytes of a batch do not match its checksum, the last one included', () => {
    for (const batches of [3, 6]) {
      const { disk } = written();
      const size = (disk.size(FIRST) as number) / 6;
      disk.open(FIRST).write(Buffer.from('?'), size * batches - 2);
      expect(() => openLog(disk)).toThrow(`cannot be read at byte ${size * (batches - 1)} of ${size * 6}, offset ${batches - 1}`);
    }
  });

  it('is cut where a batch is not whole, or zeros follow', () => {
    const { disk } = written();
    const size = disk.size(FIRST) as number;
    disk.open(FIRST).truncate(size - 3);
    expect(openLog(disk).log.endOffset).toBe(5);
    disk.open(FIRST).write(Buffer.alloc(5000), disk.size(FIRST) as number);
    expect(openLog(disk).log.endOffset).toBe(5);
  });

  it('is refused where offsets do not go on, though every batch is whole', () => {
    const { disk } = written();
    const whole = contentOf(disk, FIRST);
    disk.open(FIRST).write(whole.subarray(0, whole.length / 6), whole.length);
    expect(() => openLog(disk)).toThrow('offset 6');
  });

  it('loses the files after one that had to be cut', () => {
    const { disk } = written(6, 200);
    expect(segmentsOf(disk)).toHaveLength(3);
    disk.open(FIRST).truncate(70);
    const { log, reports } = openLog(disk);
    expect(log.endOffset).toBe(0);
    expect(segmentsOf(disk)).toEqual(['00000000000000000000.log']);
    expect(reports.filter((text) => text.includes('removed'))).toHaveLength(2);
  });

  it('checks only from the newest producer snapshot on, which says that what is before it was synced', async () => {
    const { disk, log } = written(6, 200);
    await log.sync();
    disk.open(FIRST).write(Buffer.from('?'), 70);
    const again = openLog(disk);
    expect([again.log.endOffset, again.reports]).toEqual([6, []]);
    expect(again.recorded).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('makes nothing of a producer snapshot that is damaged', async () => {
    const { disk, log } = written(6, 200);
    await log.sync();
    for (const name of disk.list(FOLDER).filter((one) => one.endsWith('.producers')))
      disk.open(`${FOLDER}/${name}`).write(Buffer.from('?'), 5);
    expect(openLog(disk).recorded).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each([false, true])('passes over the empty file of a roll that failed (synced since: %s)', async (isSynced) => {
    const disk = new SimDisk();
    const { log } = openLog(disk, { limits: { segmentBytes: 250 } });
    append(log, { values: ['a'] });
    disk.faults.set(disk.calls + 1, { kind: 'fail', code: 'ENOSPC', part: 0 });
    expect(() => append(log, { values: ['x'.repeat(200)] })).toThrow('ENOSPC');
    for (const value of ['b', 'c', 'd']) append(log, { values: [value] });
    if (isSynced) await log.sync();
    expect(segmentsOf(disk)).toHaveLength(3);
    const again = openLog(disk, { tailBytes: 0 });
    expect([again.log.endOffset, read(again.log)]).toEqual([4, ['0:a', '1:b', '2:c', '3:d']]);
    expect(segmentsOf(disk)).toHaveLength(2);
  });

  it('is not checked after a stop in order, but for its headers', async () => {
    const { disk, log } = written();
    await log.close();
    const size = (disk.size(FIRST) as number) / 6;
    disk.open(FIRST).write(Buffer.from('?'), size * 3 - 2);
    const { log: again, recorded } = openLog(disk, { isClean: true });
    expect(again.endOffset).toBe(6);
    expect(recorded).toHaveLength(6);
  });
});

describe('a log that is synced before it answers', () => {
  it('shows a batch when it is synced, and shares a sync among those who wait', async () => {
    const disk = new SimDisk();
    const { log } = openLog(disk, { syncsFirst: true });
    append(log, { values: ['a'] });
    await log.flushed();
    append(log, { values: ['b'] });
    const first = log.flushed();
    append(log, { values: ['c'] });
    const others = [log.flushed(), log.flushed()];
    expect([log.endOffset, read(log)]).toEqual([1, ['0:a']]);
    const before = disk.calls;
    await first;
    expect(read(log)).toEqual(['0:a', '1:b']);
    await Promise.all(others);
    expect(read(log)).toEqual(['0:a', '1:b', '2:c']);
    expect(disk.calls - before).toBe(1);
    expect(log.flushed()).toBeUndefined();
  });

  it('takes back what a failed sync should have covered, and gives its place to the next', async () => {
    const disk = new SimDisk();
    const { log } = openLog(disk, { syncsFirst: true });
    append(log, { values: ['kept'] });
    await log.flushed();
    append(log, { values: ['lost'] });
    const lost = log.flushed();
    append(log, { values: ['lost too'] });
    disk.faults.set(disk.calls, { kind: 'fail', code: 'EIO', part: 0 });
    await expect(lost).rejects.toMatchObject({ errorCode: 56 });
    expect(log.endOffset).toBe(1);
    append(log, { values: ['again'] });
    await log.flushed();
    expect(read(log)).toEqual(['0:kept', '1:again']);
  });
});

it('the real file system answers as the simulated one is asked', () => {
  expect(nodeFiles.size('/nowhere/at/all')).toBeUndefined();
  expect(nodeFiles.list('/nowhere/at/all')).toEqual([]);
  expect(() => nodeFiles.open('/nowhere/at/all')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
