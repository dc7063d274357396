import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { type TestRegistry, testRegistry } from '../helpers/registry.ts';
import { fixture, jsonLines, run } from './helpers.ts';

const APP = fixture('avro-shop.ts');

let server: TestRegistry;
beforeAll(async () => {
  server = await testRegistry();
});
afterAll(() => server.close());

describe('streamer schemas', () => {
  it('checks, registers, shows and compares the schemas of an app', async () => {
    const prefix = unique('schemas');
    const orders = `${prefix}-orders-value`;
    const events = `${prefix}-events-value`;
    const schemas = (args: string[], version = '1') =>
      run(['schemas', ...args, '-A', APP], { env: { SHOP_PREFIX: prefix, SHOP_VERSION: version, SCHEMA_REGISTRY_URL: server.url } });

    const fresh = await schemas(['check', '--json']);
    expect(fresh).toMatchObject({ code: 0, stderr: '' });
    expect(jsonLines(fresh.stdout)).toMatchObject([
      { subject: orders, type: 'AVRO', level: 'BACKWARD', status: 'new', problems: [] },
      { subject: events, type: 'JSON', status: 'new' },
    ]);
    const registered = await schemas(['register']);
    expect(registered).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`${orders} +AVRO +BACKWARD +registered, id \\d+`)),
    });

    const [again, diff, next, bad, show] = await Promise.all([
      schemas(['register', '--json']),
      schemas(['diff'], '2'),
      schemas(['check', '--json'], '2'),
      schemas(['register'], 'bad'),
      schemas(['show', `${prefix}-orders`, '--json']),
    ]);
    const [known, other] = jsonLines(again.stdout);
    expect([known, other]).toMatchObject([{ status: 'already there', id: expect.any(Number) }, { status: 'already there' }]);
    expect(diff.stdout).toContain(`${orders}   version 1\n  ~ amount: int -> double\n  + note: string = ""`);
    expect(diff.stdout).toContain(`${events}   version 1: no difference`);
    expect(jsonLines(next.stdout)).toMatchObject([{ status: 'compatible' }, { status: 'registered' }]);
    const problem = /incompatible[\s\S]*- id: string cannot be read as boolean \(in records of version 1\)/;
    expect(bad).toMatchObject({ code: 1, stdout: expect.stringMatching(problem) });
    const shown = { subject: orders, id: known!['id'], latest: { version: 1 }, schema: { name: 'Order' } };
    expect(jsonLines(show.stdout)).toMatchObject([shown]);
  }, 60_000);

  it('says what is missing: the schemas, the topic, the registry', async () => {
    const check = (args: string[], url = '') =>
      run(['schemas', 'check', ...args], { env: { SHOP_PREFIX: 'none', SCHEMA_REGISTRY_URL: url } });
    const [without, unknown, nowhere, down] = await Promise.all([
      check(['-A', fixture('shop.ts')]),
      check(['other', '-A', APP]),
      check(['-A', APP]),
      check(['-A', APP], 'http://127.0.0.1:1'),
    ]);
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('avro.confluent') });
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('does not declare other') });
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('SCHEMA_REGISTRY_URL') });
    expect(down).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be reached') });
  }, 60_000);
});
