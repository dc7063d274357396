import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { type TestRegistry, testRegistry } from '../helpers/registry.ts';
import { fixture, jsonLines, run } from './helpers.ts';

const APP = fixture('ledger.ts');
const BOOKING = {
  id: '9007199254740993',
  day: '2026-11-22',
  at: '2026-11-22T10:00:00.250Z',
  exact: '1795341600000001',
  amount: '-123456789012345.60',
  rate: 'NaN',
  due: '2027-01-31',
  count: { double: 2 },
  raw: { base64: '/wA=' },
  days: { paid: ['1969-12-31', '2024-02-29'] },
};

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

describe('streamer send and consume of Avro', () => {
  it('takes dates, times, decimals, bigints and bytes in the form in which it prints them', async () => {
    const prefix = unique('ledger');
    const env = { SHOP_PREFIX: prefix, SCHEMA_REGISTRY_URL: registry.url };
    expect(await run(['topics', 'create', '-A', APP], { env })).toMatchObject({ code: 0, stderr: '' });
    const round = async (name: string, key: string, lines: readonly string[]) => {
      const topic = `${prefix}-${name}`;
      const sent = await run(['send', topic, '-', '-k', key, '-A', APP], { env, input: `${lines.join('\n')}\n` });
      expect(sent).toMatchObject({ code: 0, stderr: '' });
      const read = await run(['consume', topic, '-A', APP, '--json'], { env });
      expect(read).toMatchObject({ code: 0, stderr: '' });
      return jsonLines(read.stdout);
    };
    // Numbers as Avro writes them: days, milliseconds, microseconds; a long beyond 2^53 without quotes keeps all its digits.
    const encoded = JSON.stringify({ ...BOOKING, day: 20_779, at: 1_795_341_600_250, exact: 1_795_341_600_000_001, due: { int: 20_849 } });
    const lines = [JSON.stringify(BOOKING), encoded.replace('"9007199254740993"', '9007199254740993')];
    const [bare, confluent] = await Promise.all([round('bare', '9007199254740995', lines), round('confluent', 'k', lines)]);
    expect(bare).toMatchObject([
      { key: '9007199254740995', value: BOOKING },
      { key: '9007199254740995', value: BOOKING },
    ]);
    expect(confluent).toMatchObject([
      { key: 'k', value: BOOKING },
      { key: 'k', value: BOOKING },
    ]);

    const wrong = { ...BOOKING, day: '2026-02-30', at: '2026-11-22 10:00', amount: '1.234', due: 'soon' };
    const [refused, noJson] = await Promise.all(
      [JSON.stringify(wrong), 'soon'].map((value) => run(['send', `${prefix}-bare`, value, '-A', APP], { env })),
    );
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    for (const field of ['day: expected date', 'at: expected timestamp-millis', 'amount: expected decimal', 'due: expected null | date'])
      expect(refused!.stderr).toContain(field);
    expect(noJson).toMatchObject({ code: 1, stderr: expect.stringContaining('the topic expects avro, and this is not JSON: soon') });
  }, 60_000);
});
