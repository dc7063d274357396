import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findConfigFile, isPath, resolveSettings, securityOf } from '../../src/config/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamer-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFile(join(folder, name), text);

describe('findConfigFile', () => {
  it.each([
    ['streamer.config.ts', "export default { brokers: 'a:1', apps: { shop: './src/shop.ts' } } as { brokers: string };"],
    ['streamer.config.js', "export default { brokers: 'a:1', apps: { shop: './src/shop.ts' } };"],
    ['streamer.config.mjs', "export default { brokers: 'a:1', apps: { shop: 'src/shop.ts' } };"],
    ['streamer.config.json', '{ "brokers": "a:1", "apps": { "shop": "./src/shop.ts" } }'],
    ['package.json', '{ "name": "x", "streamer": { "brokers": "a:1", "apps": { "shop": "./src/shop.ts" } } }'],
  ])('reads settings and apps from %s', async (name, text) => {
    if (name !== 'package.json') await write('package.json', '{ "type": "module" }');
    await write(name, text);
    expect(await findConfigFile(folder)).toEqual({
      path: join(folder, name),
      apps: new Map([['shop', join(folder, 'src/shop.ts')]]),
      values: { brokers: 'a:1' },
    });
  });

  it('looks upwards as far as the next package.json', async () => {
    await write('streamer.config.json', '{ "queueRecords": 5 }');
    const inner = join(folder, 'src/deep');
    await mkdir(inner, { recursive: true });
    expect(await findConfigFile(inner)).toMatchObject({ values: { queueRecords: 5 } });
    await write('src/package.json', '{}');
    expect(await findConfigFile(inner)).toBeUndefined();
  });

  it('keeps the names of modules as they are', async () => {
    await write('streamer.config.json', '{ "apps": { "shop": "@company/shop" } }');
    expect(await findConfigFile(folder)).toMatchObject({ apps: new Map([['shop', '@company/shop']]) });
  });

  it.each([
    ['streamer.config.json', '{ brokers', /not readable as JSON/],
    ['streamer.config.json', '[]', /expected an object with settings and apps, got \[\]/],
    ['streamer.config.json', '{ "apps": { "shop": 1 } }', /apps: expected names with the path of their file/],
    ['streamer.config.mjs', 'export const brokers = 1;', /expected a default export/],
    ['streamer.config.ts', 'throw new Error("broken")', /streamer\.config\.ts: broken/],
  ])('refuses %s with %s', async (name, text, message) => {
    await write(name, text);
    await expect(findConfigFile(folder)).rejects.toThrow(message);
  });
});

describe('the layers of settings', () => {
  it('default < code < file < environment < flag, each value with its origin', async () => {
    await write('streamer.config.json', '{ "brokers": "file:1", "queueRecords": 1, "queueBytes": 1, "fetchWaitMs": 1 }');
    const file = await findConfigFile(folder);
    const { values, origins } = resolveSettings({
      code: { brokers: 'code:1', queueRecords: 2, queueBytes: 2, fetchWaitMs: 2, commitIntervalMs: 20 },
      file,
      env: { KAFKA_BROKERS: 'env:1', STREAMER_QUEUE_RECORDS: '3' },
      flags: { brokers: 'flag:1' },
    });
    expect(values).toMatchObject({ brokers: ['flag:1'], queueRecords: 3, queueBytes: 1, commitIntervalMs: 20, sessionTimeoutMs: 10_000 });
    expect(origins).toMatchObject({
      brokers: { layer: 'flag', name: '--brokers' },
      queueRecords: { layer: 'environment', name: 'STREAMER_QUEUE_RECORDS' },
      queueBytes: { layer: 'file', name: file?.path },
      commitIntervalMs: { layer: 'code' },
      sessionTimeoutMs: { layer: 'default' },
    });
  });

  it('STREAMER_BROKERS wins over KAFKA_BROKERS', () => {
    expect(resolveSettings({ env: { KAFKA_BROKERS: 'a:1', STREAMER_BROKERS: 'b:1, c:2' } }).values.brokers).toEqual(['b:1', 'c:2']);
  });

  it('reports all problems together, unknown names too', async () => {
    await write('streamer.config.json', '{ "borkers": "a:1", "queueRecords": -1 }');
    const file = await findConfigFile(folder);
    expect(() => resolveSettings({ file, env: { STREAMER_LOG_LEVEL: 'loud' } })).toThrow(
      /3 problems:[\s\S]*unknown setting "borkers"[\s\S]*logLevel: expected one of debug, info, warning, error, got "loud" \(from STREAMER_LOG_LEVEL\)[\s\S]*queueRecords: expected a whole number above 0, got -1/,
    );
  });
});

describe('credentials in an address', () => {
  const secret = /hunter2|ann/;
  it.each([
    'ann:hunter2@kafka:9092',
    'kafka://ann:hunter2@kafka:9092',
    'ann@kafka:9092',
    'other:9092,ann:hunter2@kafka:9092',
    'ann:hunt,er2@kafka:9092',
    ['ann:hunter2@kafka:9092', 'other:9092'],
  ])('are refused and never echoed: %j', (brokers) => {
    for (const layers of [{ code: { brokers } }, { flags: { brokers } }, { env: { KAFKA_BROKERS: String(brokers) } }]) {
      const refused = () => resolveSettings(layers);
      expect(refused).toThrow(/brokers: expected host:port.*a login goes into saslUsername and saslPassword, got "\(hidden\)@kafka:9092/);
      expect(refused).not.toThrow(secret);
    }
  });

  it.each([
    ['ann:hunter2', '"(hidden)"'],
    ['other:9092,ann:hunter2', '"other:9092,(hidden)"'],
    ['ann:hunt,er2', '"(hidden),(hidden)"'],
    ['ann:99999', '"(hidden)"'],
    ['kafka://ann:hunter2', '"(hidden)"'],
    ['ann:h@nt,er2', '"(hidden)@(hidden),(hidden)"'],
    [['ann:hunter2'], '"(hidden)"'],
    [[{ host: 'a', password: 'hunter2' }], '"(hidden)"'],
    [{ url: 'ann:hunter2' }, 'an object'],
  ])('are never echoed where there is no host either: %j', (brokers, shown) => {
    const refused = () => resolveSettings({ code: { brokers: brokers as string } });
    expect(refused).toThrow(`got ${shown} (from code)`);
    expect(refused).not.toThrow(/hunter2|ann|er2/);
  });

  it.each(['localhost', 'kafka-1,kafka-2:9092', ''])('leave the names of hosts in the message: %j', (brokers) => {
    expect(() => resolveSettings({ code: { brokers } })).toThrow(`got ${JSON.stringify(brokers)} (from code)`);
  });
});

it('names of properties of Object are unknown settings, and ordinary names of apps', async () => {
  for (const name of ['constructor', 'toString', '__proto__'])
    expect(() => resolveSettings({ file: { path: 'x.json', values: JSON.parse(`{ "${name}": 1 }`) } })).toThrow(
      `unknown setting "${name}"`,
    );
  await write('streamer.config.json', '{ "apps": { "constructor": "./a.ts", "__proto__": "./b.ts" } }');
  const file = await findConfigFile(folder);
  expect([...(file?.apps.keys() ?? [])]).toEqual(['constructor', '__proto__']);
});

describe('how to log in', () => {
  it('is refused where something is missing', () => {
    expect(() => resolveSettings({ code: { saslMechanism: 'scram-sha-512', sslCert: 'client.pem' } })).toThrow(
      /sslCert and sslKey: expected both or neither[\s\S]*saslUsername: expected a user name[\s\S]*saslPassword: expected the password/,
    );
    expect(() => resolveSettings({ code: { saslMechanism: 'kerberos' as 'plain' } })).toThrow(
      /expected one of plain, scram-sha-256, scram-sha-512/,
    );
    expect(() => resolveSettings({ env: { STREAMER_SSL: 'perhaps' } })).toThrow(
      /ssl: expected true or false, got "perhaps" \(from STREAMER_SSL\)/,
    );
  });

  it('is what a client is given, with the contents of the files', async () => {
    const none = resolveSettings({}).values;
    expect(securityOf(none)).toEqual({});
    await write('ca.pem', 'the authority');
    const env = { STREAMER_SASL_USERNAME: 'ann', STREAMER_SASL_PASSWORD: 'secret', STREAMER_SSL_CA: join(folder, 'ca.pem') };
    expect(securityOf(resolveSettings({ env }).values)).toEqual({
      ssl: { ca: 'the authority' },
      sasl: { mechanism: 'plain', username: 'ann', password: 'secret' },
    });
    expect(securityOf(resolveSettings({ flags: { ssl: true } }).values)).toEqual({ ssl: true });
    expect(() => securityOf({ ...none, sslCa: join(folder, 'missing.pem') })).toThrow(/sslCa: cannot read .*missing\.pem/);
  });
});

describe('isPath', () => {
  it.each(['./app', '../x', '/abs/app', 'app.ts', 'dist/app.js', 'a/b.mjs'])('%s is a path', (name) => expect(isPath(name)).toBe(true));
  it.each(['shop', 'customer-prediction', '@company/shop', 'shop/orders'])('%s is a name', (name) => expect(isPath(name)).toBe(false));
});
