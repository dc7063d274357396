import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CsvOptions, readCsv } from '../../src/connect/index.ts';

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamer-csv-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

async function read(text: string | Buffer, options?: CsvOptions) {
  const file = join(folder, `${files++}.csv`);
  await writeFile(file, text);
  return collect(readCsv(file, options));
}

const brief = (results: Awaited<ReturnType<typeof read>>) =>
  results.map((result) => ('row' in result ? [result.line, ...Object.values(result.row)] : [result.line, result.error.message]));

describe('readCsv', () => {
  it('reads rows by the names of the header', async () => {
    expect(await read(',age,job\n0,30,unemployed\n1,33,services\n')).toEqual([
      { line: 2, text: '0,30,unemployed', row: { '': '0', age: '30', job: 'unemployed' } },
      { line: 3, text: '1,33,services', row: { '': '1', age: '33', job: 'services' } },
    ]);
  });

  it('finds out the semicolon, takes off quotes, byte order mark and CR', async () => {
    const text = '\uFEFF"age";"job";"y"\r\n58;"manage;ment";"no"\r\n\r\n44;"say ""hi"", ok";"yes"';
    expect((await read(text)).map((result) => 'row' in result && result.row)).toEqual([
      { age: '58', job: 'manage;ment', y: 'no' },
      { age: '44', job: 'say "hi", ok', y: 'yes' },
    ]);
  });

  it('takes the delimiter it is told', async () => {
    expect(brief(await read('a\tb,c\n1\t2,3\n', { delimiter: '\t' }))).toEqual([[2, '1', '2,3']]);
  });

  it('allows line ends in quotes', async () => {
    expect(brief(await read('a,b\n"x\ny\n\nz",2\n3,4\n'))).toEqual([
      [2, 'x\ny\n\nz', '2'],
      [6, '3', '4'],
    ]);
    const long = Array.from({ length: 200 }, (_, at) => `line ${at}`).join('\r\n');
    expect(brief(await read(`a,b\r\n"${long}",2\r\n3,4\r\n`))).toEqual([
      [2, long, '2'],
      [202, '3', '4'],
    ]);
    expect(brief(await read(`a,b\n"${long}",2\n3,4\n`, { maxLineLength: 500 })).at(-1)).toEqual([202, '3', '4']);
  });

  it('goes on behind malformed lines and says which and why', async () => {
    const results = brief(await read('a,b,c\n1,2,3\n4,5\n6,"x"y,7\n8,9,10\n\n11,12,13,14\n15,16,17\n'));
    expect(results).toEqual([
      [2, '1', '2', '3'],
      [3, '2 fields where the header has 3'],
      [4, expect.stringMatching(/quote/i)],
      [5, '8', '9', '10'],
      [7, '4 fields where the header has 3'],
      [8, '15', '16', '17'],
    ]);
  });

  it('a quote that is never closed costs its own line only', async () => {
    const rows = Array.from({ length: 300 }, (_, i) => `${i},b,c`);
    const results = brief(await read(['a,b,c', '1,"open,2', ...rows].join('\n')));
    expect(results[0]).toEqual([2, expect.stringMatching(/quote/i)]);
    expect(results.slice(1)).toEqual(rows.map((row, i) => [i + 3, ...row.split(',')]));
  });

  it('two stray quotes cost their own lines only', async () => {
    const results = brief(await read('a,b\n1"x,2\n3,4\n5"y,6\n7,8\n'));
    expect(results).toEqual([
      [2, expect.stringMatching(/quote/i)],
      [3, '3', '4'],
      [4, expect.stringMatching(/quote/i)],
      [5, '7', '8'],
    ]);
  });

  it('a line that is too long is malformed', async () => {
    const results = brief(await read(`a,b\n${'x'.repeat(300_000)},2\n3,4\n`, { maxLineLength: 1_000 }));
    expect(results).toEqual([
      [2, 'the line is too long'],
      [3, '3', '4'],
    ]);
  });

  it('keeps characters that fall on the border of two chunks', async () => {
    const long = 'ü'.repeat(40_001);
    expect(brief(await read(`a,b\nx${long},2\n`))).toEqual([[2, `x${long}`, '2']]);
  });

  it('reads lines that end with CR alone, and with each kind in one file', async () => {
    expect(brief(await read('a,b\r1,2\r3,"x\ry"\r'))).toEqual([
      [2, '1', '2'],
      [3, '3', 'x\ry'],
    ]);
    expect(brief(await read('a,b\r\n1,2\r3,4\n\r5,6'))).toEqual([
      [2, '1', '2'],
      [3, '3', '4'],
      [5, '5', '6'],
    ]);
    // A chunk of the file may end between CR and LF.
    const rows = Array.from({ length: 20_000 }, (_, at) => `${at},${'x'.repeat(at % 13)}`);
    expect(brief(await read(`a,b\r\n${rows.join('\r\n')}`))).toEqual(rows.map((row, at) => [at + 2, ...row.split(',')]));
  });

  it('refuses the lines whose bytes are not UTF-8, and reads them by their encoding', async () => {
    const file = Buffer.from('name,city\nAnna,Ulm\nJosé,Köln\n"Bo\nå",Aue\nZoë,Ü\n', 'latin1');
    const results = await read(Buffer.concat([file, Buffer.from('Chloé,Łódź\n')]));
    expect(brief(results)).toEqual([
      [2, 'Anna', 'Ulm'],
      [3, 'the line is not UTF-8 from character 4 on (0xe9)'],
      [5, 'the line is not UTF-8 from character 1 on (0xe5)'],
      [6, 'the line is not UTF-8 from character 3 on (0xeb)'],
      [7, 'Chloé', 'Łódź'],
    ]);
    expect(brief(await read(file, { encoding: 'windows-1252' }))).toEqual([
      [2, 'Anna', 'Ulm'],
      [3, 'José', 'Köln'],
      [4, 'Bo\nå', 'Aue'],
      [6, 'Zoë', 'Ü'],
    ]);
    expect(brief(await read(Buffer.from('\ufeffa,b\n1,ü\n', 'utf16le'), { encoding: 'utf-16le' }))).toEqual([[2, '1', 'ü']]);
    await expect(read(Buffer.from('é,b\n1,2\n', 'latin1'))).rejects.toThrow(/header of .* is not UTF-8 from character 1 on \(0xe9\)/);
    await expect(read(Buffer.from('a,b\n1,\xff', 'latin1'), { encoding: 'shift_jis' })).rejects.toThrow(/bytes that are not shift_jis/);
    await expect(read('a,b\n', { encoding: 'klingon' })).rejects.toMatchObject({ code: 'CONFIG' });
  });

  it('keeps characters of every length at the border of two chunks, and finds bad bytes there', async () => {
    for (const odd of ['é', '€', '😀']) {
      const text = `a\n${'x'.repeat(65_530)}${odd.repeat(20)}\n`;
      expect(brief(await read(text))).toEqual([[2, text.split('\n')[1]]]);
      const bytes = Buffer.concat([Buffer.from(`a\n${'x'.repeat(65_533)}`), Buffer.from(odd).subarray(0, -1), Buffer.from('\ny\n')]);
      const [bad, good] = brief(await read(bytes));
      expect(bad?.[1]).toMatch(/is not UTF-8 from character 65534/);
      expect(good).toEqual([3, 'y']);
    }
  });

  it('refuses a file that is missing, empty, or without the columns asked for', async () => {
    await expect(collect(readCsv(join(folder, 'none.csv')))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('none.csv'),
    });
    await expect(read('\n \n')).rejects.toMatchObject({ code: 'DECODE', message: expect.stringContaining('empty') });
    await expect(read('a,b\n1,2\n', { columns: ['age', 'a'] })).rejects.toMatchObject({
      message: expect.stringContaining('no column age'),
    });
    await expect(read('a,a\n1,2\n')).rejects.toMatchObject({ message: expect.stringContaining('twice') });
  });

  it('stops at the signal', async () => {
    const reason = new Error('enough');
    await expect(read('a,b\n1,2\n', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('reads back whatever was written by the rules', async () => {
    const field = fc.oneof(fc.string(), fc.stringMatching(/^[a,;"\r\n ]{0,6}$/)).map((text) => text.replace(/\uFEFF/g, ''));
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 12 }), async (rows) => {
        const text = ['k,v', ...rows.map((row) => row.map(quoted).join(','))].join('\n');
        const results = await read(text);
        expect(results.map((result) => ('row' in result ? [result.row.k, result.row.v] : result.error.message))).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });
});
