import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker/index.ts';
import { createTopics } from '../../src/wire/apis/admin.ts';
import { fetch, listOffsets, produce } from '../../src/wire/apis/data.ts';
import { batchAt, type RecordBatch } from '../../src/wire/record-batch.ts';
import { batch, errorCodes, Wire } from '../helpers/wire.ts';

const RECORDS = 200;

const running: Broker[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const broker of running.splice(0)) await broker.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'streamer-damage-'));
  folders.push(folder);
  return folder;
}

interface Started {
  readonly broker: Broker;
  readonly lines: string[];
}

async function start(data: string, salvage?: boolean): Promise<Started> {
  const lines: string[] = [];
  const onLog = ({ level, message }: { level: string; message: string }) => void (level !== 'debug' && lines.push(message));
  const broker = await startBroker({ data, onLog, ...(salvage !== undefined && { salvage }) });
  running.push(broker);
  return { broker, lines };
}

/** A folder with two topics of several segments each, and committed to the disk. */
async function filled(data: string): Promise<Broker> {
  const { broker } = await start(data);
  const wire = await Wire.connect(broker.address);
  const configs = [{ name: 'segment.bytes', value: '4000' }];
  const topics = ['one', 'two'].map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs }));
  expect(errorCodes(await wire.send(createTopics, 2, { topics, timeoutMs: 1000, validateOnly: false }))).toEqual([0, 0]);
  for (let i = 0; i < RECORDS; i++) {
    const written = ['one', 'two'].map((name) => ({ name, partitions: [{ index: 0, records: [batch({ values: [`value ${i}`] })] }] }));
    const answer = await wire.send(produce, 7, { transactionalId: null, acks: -1, timeoutMs: 5000, topics: written });
    expect(errorCodes(answer)).toEqual([0, 0]);
  }
  wire.close();
  return broker;
}

type Way = 'stopped in order' | 'killed';

/** A data folder as a broker leaves it that was stopped, or killed: the copy of one that runs is what a kill would leave. */
async function folderOf(way: Way): Promise<string> {
  const [data, killed] = [join(temporaryFolder(), 'data'), join(temporaryFolder(), 'data')];
  const broker = await filled(data);
  // Producer snapshots are written by the clock, a second apart.
  if (way === 'killed') {
    await expect.poll(() => segments(data, 'one', '.producers').length, { timeout: 5000 }).toBe(3);
    cpSync(data, killed, { recursive: true, filter: (path) => !path.includes('owner.') });
  }
  running.splice(running.indexOf(broker), 1);
  await broker.close();
  return way === 'killed' ? killed : data;
}

function segments(data: string, topic: string, suffix = '.log'): string[] {
  const folder = join(data, 'topics', `${topic}-0`);
  const names = readdirSync(folder).filter((name) => name.endsWith(suffix));
  return names.toSorted().map((name) => join(folder, name));
}

function batchesIn(bytes: Buffer): RecordBatch[] {
  const first = batchAt(bytes, 0);
  return first === undefined ? [] : [first, ...batchesIn(bytes.subarray(first.bytes.length))];
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}

/** Every file but the lock's, with its content; that of `clean` is a time. */
function contentOf(data: string): Map<string, string> {
  const names = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) => !name.includes('owner.'));
  const files = names.map((name) => join(data, name)).filter((path) => statSync(path).isFile());
  return new Map(files.map((path) => [path, path.endsWith('/clean') ? '' : readFileSync(path).toString('hex')]));
}

async function offsetsOf({ broker }: Started, topic: string): Promise<number[]> {
  const wire = await Wire.connect(broker.address);
  const asked = { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions: [{ index: 0, timestamp: -1 }] }] };
  const [end = -1] = (await wire.send(listOffsets, 2, asked)).topics[0]?.partitions.map(({ offset }) => offset) ?? [];
  const found: number[] = [];
  for (let at = 0; at < end; ) {
    const partitions = [{ index: 0, fetchOffset: at, maxBytes: 1_000_000 }];
    const limits = { replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, isolationLevel: 0 };
    const answer = await wire.send(fetch, 4, { ...limits, topics: [{ name: topic, partitions }] });
    const batches = batchesIn(Buffer.concat(answer.topics[0]?.partitions[0]?.records ?? []));
    if (batches.length === 0) break;
    found.push(...batches.map(({ baseOffset }) => baseOffset));
    at = (found.at(-1) ?? 0) + 1;
  }
  wire.close();
  return found;
}

const all = Array.from({ length: RECORDS }, (_, i) => i);

/** It is refused twice, nothing is changed meanwhile, and `--salvage` goes on once and for all. */
async function expectRefused(data: string, message: RegExp): Promise<Started> {
  const before = contentOf(data);
  for (let i = 0; i < 2; i++) {
    await expect(start(data)).rejects.toThrow(message);
    await expect(start(data)).rejects.toMatchObject({ name: 'DamagedFolder', code: 'CONFIG', next: expect.stringContaining('--salvage') });
  }
  expect(contentOf(data)).toEqual(before);
  const salvaged = await start(data, true);
  expect(salvaged.lines.length).toBeGreaterThan(0);
  return salvaged;
}

async function restarted(data: string, { broker }: Started): Promise<Started> {
  running.splice(running.indexOf(broker), 1);
  await broker.close();
  return start(data);
}

describe.each<Way>(['stopped in order', 'killed'])('a data folder of a broker that was %s', (way) => {
  it('is read when nothing was changed', async () => {
    const started = await start(await folderOf(way));
    for (const topic of ['one', 'two']) expect(await offsetsOf(started, topic)).toEqual(all);
  });

  it('with one byte flipped in the middle of the journal is refused; salvage forgets what stood there', async () => {
    const data = await folderOf(way);
    const journal = join(data, 'journal.log');
    flip(journal, readFileSync(journal).indexOf('"topic":"one"') + 3);
    const salvaged = await expectRefused(data, /journal\.log cannot be read at byte \d+ of \d+/);
    expect(await offsetsOf(salvaged, 'two')).toEqual(all);
    expect(readdirSync(join(data, 'orphans'))).toEqual([expect.stringMatching(/^one-0\./)]);
    expect(readdirSync(data).filter((name) => name.startsWith('journal.log.damaged'))).toHaveLength(1);
    expect(await offsetsOf(await restarted(data, salvaged), 'two')).toEqual(all);
  });

  it('with its first byte flipped, of the journal, is refused', async () => {
    const data = await folderOf(way);
    flip(join(data, 'journal.log'), 12);
    const salvaged = await expectRefused(data, /journal\.log cannot be read at byte 0/);
    for (const topic of ['one', 'two']) expect(await offsetsOf(salvaged, topic)).toEqual(all);
  });

  it('with a missing segment in the middle is refused; salvage has what was before and after it', async () => {
    const data = await folderOf(way);
    const [, missing = '', next = ''] = segments(data, 'one');
    const [from, to] = [missing, next].map((path) => Number(/(\d+)\.log$/.exec(path)?.[1]));
    rmSync(missing);
    const salvaged = await expectRefused(data, /one-0\/\d+\.log is missing/);
    const left = all.filter((offset) => offset < Number(from) || offset >= Number(to));
    expect(await offsetsOf(salvaged, 'one')).toEqual(left);
    expect(await offsetsOf(salvaged, 'two')).toEqual(all);
    expect(await offsetsOf(await restarted(data, salvaged), 'one')).toEqual(left);
  });

  it('with a byte flipped in a header of the last segment is refused; salvage cuts there, and keeps the file', async () => {
    const data = await folderOf(way);
    const last = segments(data, 'one').at(-1) ?? '';
    const batches = batchesIn(readFileSync(last));
    const second = batches[1];
    flip(last, (batches[0]?.bytes.length ?? 0) + 6);
    const salvaged = await expectRefused(data, /one-0\/\d+\.log cannot be read at byte \d+ of \d+, offset \d+/);
    expect(await offsetsOf(salvaged, 'one')).toEqual(all.filter((offset) => offset < (second?.baseOffset ?? 0)));
    expect(readdirSync(join(data, 'orphans'))).toEqual([expect.stringMatching(/^one-0\.\d+\.log\.\d+$/)]);
    expect(await offsetsOf(await restarted(data, salvaged), 'two')).toEqual(all);
  });

  it('without its journal, or with an empty one, is refused; salvage keeps the records aside', async () => {
    const data = await folderOf(way);
    const journal = join(data, 'journal.log');
    const whole = readFileSync(journal);
    for (const [damage, message] of [
      [() => truncateSync(journal), /journal\.log (has 0 bytes|cannot be read at byte 0 of 0)/],
      [() => truncateSync(journal, 5), /journal\.log (has 5 bytes|cannot be read at byte 0 of 5)/],
      [() => rmSync(journal), /journal\.log is missing/],
    ] as const) {
      writeFileSync(journal, whole);
      damage();
      await expect(start(data)).rejects.toThrow(message);
    }
    await expectRefused(data, /journal\.log is missing/);
    expect(readdirSync(join(data, 'orphans')).toSorted()).toEqual([expect.stringMatching(/^one-0\./), expect.stringMatching(/^two-0\./)]);
  });

  it('without its newest segment is refused; salvage has what was before it', async () => {
    const data = await folderOf(way);
    const last = segments(data, 'one').at(-1) ?? '';
    rmSync(last);
    const salvaged = await expectRefused(data, /one-0\/\d+\.log is missing/);
    const left = all.filter((offset) => offset < Number(/(\d+)\.log$/.exec(last)?.[1]));
    expect(await offsetsOf(salvaged, 'one')).toEqual(left);
    expect(await offsetsOf(await restarted(data, salvaged), 'one')).toEqual(left);
  });

  it.runIf(process.platform !== 'win32')('is for its user alone', async () => {
    const data = await folderOf(way);
    const names = ['', ...readdirSync(data, { recursive: true, encoding: 'utf8' })].filter((name) => !name.includes('owner.'));
    const open = names.map((name) => join(data, name)).filter((path) => (statSync(path).mode & 0o077) !== 0);
    expect(open).toEqual([]);
  });
});

describe('a data folder', () => {
  it('of a killed broker, whose journal ends within an entry, is read up to there, as a crash may leave it', async () => {
    const data = await folderOf('killed');
    const journal = join(data, 'journal.log');
    truncateSync(journal, readFileSync(journal).length - 5);
    const { lines } = await start(data);
    expect(lines.join()).toContain('the beginning of an entry');
  });

  it('of a broker that was stopped in order, whose journal ends within an entry, is refused', async () => {
    const data = await folderOf('stopped in order');
    const journal = join(data, 'journal.log');
    truncateSync(journal, readFileSync(journal).length - 5);
    await expectRefused(data, /journal\.log has \d+ bytes, and had \d+ at the last stop/);
  });

  it('of a broker that was stopped in order, with partitions of a topic that the journal does not know, is refused', async () => {
    const data = await folderOf('stopped in order');
    cpSync(join(data, 'topics', 'one-0'), join(data, 'topics', 'three-0'), { recursive: true });
    const salvaged = await expectRefused(data, /three-0 belongs to a topic that the journal does not know/);
    expect(await offsetsOf(salvaged, 'one')).toEqual(all);
  });

  it.each([
    ['missing', rmSync, 'is missing'],
    ['empty', truncateSync, 'has 0 bytes, and had'],
    [
      'cut off behind a batch',
      (path: string) => truncateSync(path, batchesIn(readFileSync(path))[0]?.bytes.length ?? 1),
      'has \\d+ bytes, and had',
    ],
  ])('of a broker that was stopped in order, in which any segment is %s, is refused; salvage goes on', async (_, damage, message) => {
    const whole = await folderOf('stopped in order');
    for (const path of segments(whole, 'one')) {
      const data = join(temporaryFolder(), 'data');
      cpSync(whole, data, { recursive: true });
      const damaged = join(data, path.slice(whole.length));
      damage(damaged);
      const salvaged = await expectRefused(data, new RegExp(`${damaged} ${message}`));
      expect(salvaged.lines.join()).toMatch(new RegExp(`${damaged} ${message}`));
      expect(await offsetsOf(salvaged, 'two')).toEqual(all);
    }
  });

  it('whose list of files is damaged is refused; salvage checks all records', async () => {
    const data = await folderOf('stopped in order');
    truncateSync(join(data, 'clean'), 20);
    const salvaged = await expectRefused(data, /clean cannot be read/);
    expect(await offsetsOf(salvaged, 'one')).toEqual(all);
  });

  it('of a broker before files were listed is read', async () => {
    const data = await folderOf('stopped in order');
    writeFileSync(join(data, 'clean'), '2026-11-30T10:00:00.000Z\n');
    expect(await offsetsOf(await start(data), 'one')).toEqual(all);
  });

  it('with a damaged snapshot is refused; salvage takes what can be read of it', async () => {
    const data = await folderOf('stopped in order');
    const snapshot = join(data, 'snapshot');
    flip(snapshot, readFileSync(snapshot).length - 4);
    const salvaged = await expectRefused(data, /snapshot cannot be read at byte \d+/);
    for (const topic of ['one', 'two']) expect(await offsetsOf(salvaged, topic)).toEqual(all);
  });

  it.runIf(process.platform !== 'win32')('that others could read is closed to them', async () => {
    const data = temporaryFolder();
    expect(statSync(data).isDirectory()).toBe(true);
    await start(data);
    expect(statSync(data).mode & 0o777).toBe(0o700);
  });
});
