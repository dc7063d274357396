import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { csvFile, csvFileWriter, readCsv, sendCsv } from '../../src/connect/index.ts';
import { App, csvFileSink, json, string } from '../../src/index.ts';
import { testApp } from '../../src/testing/index.ts';
import { withFolder } from '../cli/helpers.ts';
import { brokers, unique } from '../helpers/broker.ts';
import { event } from './support/events.ts';

interface Sent {
  key: string | null;
  value: string | null;
}

function contextOf(send: (record: Sent) => Promise<void>) {
  const controller = new AbortController();
  const states: string[] = [];
  return {
    states,
    controller,
    context: {
      signal: controller.signal,
      send: ({ key, value }: { key: Buffer | null; value: Buffer | null }) =>
        send({ key: key && String(key), value: value && String(value) }),
      state: (phase: string, detail: string) => {
        states.push(`${phase}: ${detail}`);
        if (phase === 'waiting') controller.abort();
      },
    },
  };
}

const topic = () => new App({ id: 'csv' }).topic('cars', { key: string(), value: json() });
const mapping = {
  key: (row: Readonly<Record<string, string>>) => row.id ?? '',
  value: (row: Readonly<Record<string, string>>) => ({ price: Number(row.price) }),
};

describe('csvFile', () => {
  it('sends rows in order, passes problems over when somebody is told, and says when it is through', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'cars.csv');
      await writeFile(file, 'id,price\na,1\nb\nc,3\nd,x\n');
      const sent: Sent[] = [];
      const problems: number[] = [];
      const source = csvFile(file, {
        ...mapping,
        topic: topic(),
        value: (row) => {
          if (Number.isNaN(Number(row.price))) throw new Error('no number');
          return { price: Number(row.price) };
        },
        onProblem: ({ line }) => problems.push(line),
      });
      const { context, states } = contextOf(async (record) => void sent.push(record));
      await source.run(context);
      expect(sent).toEqual([
        { key: 'a', value: '{"price":1}' },
        { key: 'c', value: '{"price":3}' },
      ]);
      expect(problems).toEqual([3, 5]);
      expect(states.at(-1)).toBe(`waiting: all of ${file} is sent: 2 rows`);
      expect(source.topics).toMatchObject([{ name: 'cars', partitions: 1 }]);
    });
  });

  it('goes on behind the last row that was acknowledged', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'cars.csv');
      await writeFile(file, 'id,price\na,1\nb,2\nc,3\n');
      const sent: string[] = [];
      const source = csvFile(file, { ...mapping, topic: topic() });
      let refuses = true;
      const attempt = () => {
        const { context } = contextOf(async ({ key }) => {
          if (refuses && key === 'b') {
            await vi.waitFor(() => expect(sent).toContain('c'));
            throw new Error('not now');
          }
          sent.push(String(key));
        });
        return source.run(context);
      };
      await expect(attempt()).rejects.toThrow('not now');
      refuses = false;
      await attempt();
      expect(sent).toEqual(['a', 'c', 'b', 'c']);
    });
  });

  it('refuses options that cannot work', () => {
    expect(() => csvFile('x.csv', { ...mapping, topic: 'cars' as never, rate: -1 })).toThrow(
      /topic: expected a topic of the app[\s\S]*rate: expected a finite number/,
    );
  });
});

describe('sendCsv', () => {
  it('ends at the first problem that nobody is told of, when what it has sent is acknowledged', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'cars.csv');
      await writeFile(file, 'id,price\na,1\nb,2\nc,3\nd\ne,5\n');
      const acknowledged: unknown[] = [];
      const options = {
        record: ({ id }: Readonly<Record<string, string>>) => (id === 'b' ? undefined : id),
        send: async (id: string, line: number) => {
          await new Promise((resolve) => setImmediate(resolve));
          acknowledged.push([id, line]);
        },
      };
      await expect(sendCsv(file, options)).rejects.toThrow('1 fields where the header has 2');
      expect(acknowledged).toEqual([
        ['a', 2],
        ['c', 4],
      ]);
      const told: number[] = [];
      expect(await sendCsv(file, { ...options, limit: 3, onProblem: ({ line }) => told.push(line) })).toEqual({ sent: 3, problems: 1 });
      expect(told).toEqual([5]);
      await expect(sendCsv(file, { ...options, rate: -1, limit: Number.NaN })).rejects.toThrow(
        /rate: expected a number of at least 0[\s\S]*limit: expected a number/,
      );
    });
  });
});

describe('csvFileSink', () => {
  it('appends lines under a header, quoted as needed, and removes half a line', async () => {
    await withFolder(async (folder) => {
      const file = join(folder, 'out.csv');
      const write = async (...values: unknown[]) => {
        const writer = csvFileWriter<unknown, unknown>(file, { columns: ['id', 'text'] });
        await writer.open?.('keep');
        const outcomes = await writer.write(values.map((value, offset) => event('k', value, offset)));
        await writer.close?.();
        return outcomes.map(({ state }) => state);
      };
      expect(await write({ id: 1, text: 'a "b", c\nd' }, null, 'no object', { id: 2 })).toEqual([
        'written',
        'written',
        'refused',
        'written',
      ]);
      await appendFile(file, '3,half a li');
      expect(await write({ id: 4, text: { a: 1 } })).toEqual(['written']);
      expect(await readFile(file, 'utf8')).toBe('id,text\n1,"a ""b"", c\nd"\n2,\n4,"{""a"":1}"\n');
      const other = csvFileWriter(file, { columns: ['other'] });
      await expect(other.open?.('keep')).rejects.toMatchObject({ code: 'CONFIG', message: expect.stringContaining('has other columns') });
      expect(() => csvFileWriter(file, { columns: [], delimiter: '|' as ',' })).toThrow(
        /columns: expected a list of at least one name[\s\S]*delimiter: expected one of/,
      );
    });
  });

  it('cuts what a crash has left of a row, within quotes too, and of the header', async () => {
    await withFolder(async (folder) => {
      for (const [left, kept] of [
        ['a,b\n9,"x\ny', 'a,b\n'],
        ['a,b\n1,"x\ny"\n9,"', 'a,b\n1,"x\ny"\n'],
        ['a,b\n1,"""\n"\n9,"x""\n', 'a,b\n1,"""\n"\n'],
        ['a,', 'a,b\n'],
        ['', 'a,b\n'],
      ] as const) {
        const file = join(folder, 'torn.csv');
        await writeFile(file, left);
        const writer = csvFileWriter<unknown, unknown>(file, { columns: ['a', 'b'] });
        await writer.open?.('keep');
        await writer.write([event('k', { a: 1, b: 2 }, 0)]);
        await writer.close?.();
        expect(await readFile(file, 'utf8')).toBe(`${kept}1,2\n`);
      }
    });
  });

  it('writes rows that would be blank so that they are read', async () => {
    await withFolder(async (folder) => {
      for (const [delimiter, columns] of [
        [',', ['a']],
        ['\t', ['a', 'b']],
      ] as const) {
        const file = join(folder, `blank-${columns.length}.csv`);
        const writer = csvFileWriter<unknown, unknown>(file, { columns, delimiter });
        await writer.open?.('keep');
        await writer.write([event('k', { a: '' }, 0), event('k', { a: ' ' }, 1)]);
        await writer.close?.();
        const rows: unknown[] = [];
        for await (const result of readCsv(file, { delimiter })) rows.push('row' in result ? result.row.a : result.error);
        expect(rows).toEqual(['', ' ']);
      }
    });
  });

  it('and csvFile bring a file through a topic into another file', async () => {
    await withFolder(async (folder) => {
      const [from, to] = [join(folder, 'in.csv'), join(folder, 'out.csv')];
      const rows = Array.from({ length: 300 }, (_, at) => `k${at},${at}`);
      await writeFile(from, `id,price\n${rows.join('\n')}\n`);
      const app = new App({ id: unique('csv') });
      const cars = app.topic(unique('cars'), { key: string(), value: json(), partitions: 2 });
      app.source('rows', csvFile(from, { topic: cars, key: (row) => row.id ?? '', value: (row) => row }));
      app.agent('keep', cars, csvFileSink(to, { columns: ['id', 'price'] }));
      const t = await testApp(app, { brokers: brokers() });
      await expect.poll(async () => (await readFile(to, 'utf8')).trim().split('\n').length, { timeout: 20_000 }).toBe(301);
      await t.stop();
      expect((await readFile(to, 'utf8')).trim().split('\n').slice(1).sort()).toEqual([...rows].sort());
    });
  });
});
