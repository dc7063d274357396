import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { avro, json, optional } from '../../src/topics/index.ts';
import { until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';
import { loopbackTls, RegistryGate, type TestRegistry, testRegistry } from '../helpers/registry.ts';

const v1 = {
  type: 'record',
  name: 'User',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'nick', type: 'string' },
  ],
} as const;
const v2 = {
  type: 'record',
  name: 'User',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'string', aliases: ['nick'] },
    { name: 'age', type: 'int', default: 18 },
  ],
} as const;
const bad = {
  type: 'record',
  name: 'User',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'boolean' },
    { name: 'nick', type: 'string' },
    { name: 'mail', type: { type: 'record', name: 'Mail', fields: [] } },
  ],
} as const;

let server: TestRegistry;
let registry: { url: string };

beforeAll(async () => {
  server = await testRegistry();
  registry = { url: server.url };
});
afterAll(() => server.close());

const contextOf = (part: 'key' | 'value' = 'value') => ({ topic: unique('reg'), part });
const failure = async (work: () => unknown): Promise<Error & { code: string; next: string; path: string }> => {
  try {
    await work();
  } catch (error) {
    return error as never;
  }
  throw new Error('it did not fail');
};

describe('avro.confluent', () => {
  it("writes Confluent's wire format: a zero byte, the id, the bytes; asks only once", async () => {
    const gate = await new RegistryGate(server.url).open();
    const context = contextOf();
    const serde = avro.confluent({ schema: v1, registry: { url: gate.url } });
    const written = await Promise.all([1, 2, 3].map((id) => serde.encode({ id, nick: 'a' }, context)));
    const id = await serde.registered!(context).find();
    expect(written.map((bytes) => bytes[0])).toEqual([0, 0, 0]);
    expect(written[1]!.readUInt32BE(1)).toBe(id);
    expect(written[1]!.subarray(5)).toEqual(Buffer.from([4, 2, 0x61]));
    expect(gate.requests.filter((line) => line.endsWith('/versions') && line.startsWith('POST'))).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    const before = gate.requests.length;
    expect(serde.encode({ id: 4, nick: 'b' }, context)).toBeInstanceOf(Buffer);
    const other = avro.confluent({ schema: v1, registry: { url: gate.url } });
    await expect(other.decode(written[0]!, context)).resolves.toEqual({ id: 1, nick: 'a' });
    expect(other.decode(written[2]!, context)).toEqual({ id: 3, nick: 'a' });
    expect(gate.requests.length - before).toBe(1);
    await gate.shut();
  });

  it('answers a table at once: for what it writes once it is prepared, for other schemas once it is ready', async () => {
    const context = contextOf();
    const serde = avro.confluent({ schema: v1, registry });
    await serde.prepare?.(context, 'keep');
    const bytes = await serde.encode({ id: 1, nick: 'a' }, context);
    expect(serde.decode(bytes, context)).toEqual({ id: 1, nick: 'a' });
    const restored = optional(avro.confluent({ schema: v2, registry }));
    expect(restored.decode(bytes, context)).toBeInstanceOf(Promise);
    await restored.ready?.(bytes, context);
    expect(restored.ready?.(bytes, context)).toBeUndefined();
    expect(restored.decode(bytes, context)).toEqual({ id: 1, name: 'a', age: 18 });
  });

  it('lets no record overtake those that waited for the id', async () => {
    const context = contextOf();
    const serde = avro.confluent({ schema: v1, registry });
    const first = serde.encode({ id: 1, nick: '' }, context);
    expect(first).toBeInstanceOf(Promise);
    await first;
    // The id is known, but whoever waited may be a few promises away from sending.
    expect(serde.encode({ id: 2, nick: '' }, context)).toBeInstanceOf(Promise);
    await until(
      () => serde.encode({ id: 3, nick: '' }, context) instanceof Buffer,
      (isSync) => isSync,
    );
  });

  it('reads records of an older schema as its own', async () => {
    const context = contextOf();
    const old = avro.confluent({ schema: v1, registry });
    const now = avro.confluent({ schema: v2, registry, long: 'bigint' });
    const first = await old.encode({ id: 7, nick: 'ann' }, context);
    expect(await now.decode(first, context)).toEqual({ id: 7n, name: 'ann', age: 18 });
    const second = await now.encode({ id: 8n, name: 'bob' }, context);
    expect(await now.decode(second, context)).toEqual({ id: 8n, name: 'bob', age: 18 });
    const error = await failure(() => old.decode(second, context));
    expect(error).toMatchObject({ code: 'DECODE' });
    expect(error.message).toMatch(
      /cannot be read as record shop.User: id: long cannot be read as int; nick: is not written, and has no default/,
    );
  });

  it('refuses a schema that is not compatible before anything is sent, and names the fields', async () => {
    const context = contextOf();
    await avro.confluent({ schema: v1, registry }).encode({ id: 7, nick: 'ann' }, context);
    const serde = avro.confluent({ schema: bad, registry });
    const error = await failure(() => serde.encode({ id: true, nick: '', mail: {} }, context));
    expect(error).toMatchObject({ code: 'REFUSED', next: expect.stringContaining('streamer schemas diff') });
    expect(error.message).toContain('id: int cannot be read as boolean (in records of version 1)');
    expect(error.message).toContain('mail: is not written, and has no default');
    expect(await serde.registered!(context).check()).toMatchObject({ status: 'incompatible', level: 'BACKWARD' });
    expect(await serde.registered!(context).latest()).toMatchObject({ version: 1 });
  });

  it('keeps to the level of the subject', async () => {
    const context = contextOf();
    const subject = `${context.topic}-value`;
    await avro.confluent({ schema: v1, registry }).encode({ id: 7, nick: 'ann' }, context);
    const body = JSON.stringify({ compatibility: 'FORWARD' });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${server.url}/config/${subject}`, { method: 'PUT', body, headers })).status).toBe(200);
    const check = await avro.confluent({ schema: v2, registry }).registered!(context).check();
    expect(check).toMatchObject({ status: 'incompatible', level: 'FORWARD' });
    expect(check.problems).toEqual([
      'id: long cannot be read as int (for readers of version 1)',
      expect.stringMatching(/^nick: is not written/),
    ]);
  });

  it('tells how a schema differs from another, field by field', () => {
    const decimal = (precision: number) => ({ type: 'bytes', logicalType: 'decimal', precision, scale: 2 });
    const kind = { type: 'enum', name: 'Kind', symbols: ['A'] };
    const fields = [
      { name: 'id', type: 'int', aliases: ['no'] },
      { name: 'price', type: decimal(9) },
      { name: 'kind', type: { ...kind, default: 'A' } },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' }, default: 5 },
    ];
    const schema = { type: 'record', name: 'Car', namespace: 'shop', fields } as never;
    const older = {
      type: 'record',
      name: 'Car',
      fields: [
        { name: 'id', type: 'int' },
        { name: 'price', type: decimal(4) },
        { name: 'kind', type: kind },
      ],
    };
    const differences = (text: object) =>
      avro.confluent({ schema, registry }).registered!(contextOf()).differences({ schema: JSON.stringify(text) });
    expect(differences(older)).toEqual([
      '~ (whole value): record Car -> record shop.Car',
      '~ id: int -> int, alias no',
      '~ price: decimal of precision 4 and scale 2 -> decimal of precision 9 and scale 2',
      expect.stringMatching(/^~ kind: enum Kind \(A\) -> enum shop\.Kind \(A\), default A$/),
      '+ at: timestamp-micros (a bigint) = "5"',
    ]);
    expect(differences({ type: 'nothing' })).toEqual([expect.stringMatching(/^cannot be compared: /)]);
  });

  it('does not register when that is off, and names the command that does', async () => {
    const context = contextOf();
    const serde = avro.confluent({ schema: v1, registry, autoRegister: false });
    const error = await failure(() => serde.encode({ id: 1, nick: '' }, context));
    expect(error).toMatchObject({ code: 'REFUSED', next: expect.stringContaining('streamer schemas register -A <app>') });
    expect(error.message).toContain(`subject "${context.topic}-value"`);
    await serde.registered!(context).register();
    expect(await serde.encode({ id: 1, nick: '' }, context)).toHaveLength(7);
  });

  it('names subjects after the topic, the record, or both', async () => {
    const nameOf = (options: object, context = contextOf()) =>
      avro.confluent({ schema: v1, registry, ...options }).registered!(context).subject;
    expect(nameOf({}, { topic: 't', part: 'value' })).toBe('t-value');
    expect(nameOf({}, { topic: 't', part: 'key' })).toBe('t-key');
    expect(nameOf({ strategy: 'record' })).toBe('shop.User');
    expect(nameOf({ strategy: 'topic-record' }, { topic: 't', part: 'value' })).toBe('t-shop.User');
    expect(nameOf({ subject: 'mine' })).toBe('mine');
    expect(() => avro.confluent({ schema: 'string', strategy: 'record' })).toThrow(/has no name/);
    expect(() => avro.confluent({ schema: v1, strategy: 'other' as never })).toThrow(/expected topic, record, topic-record/);
  });

  it('says of bytes in another format, of unknown ids, and of a bad field what is wrong', async () => {
    const context = contextOf();
    const serde = avro.confluent({ schema: v1, registry });
    expect(() => serde.decode(Buffer.from('{"id":1}'), context)).toThrow(/expected Confluent's wire format .* got 0x7b/);
    const unknown = Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0, 2, 0]);
    expect(await failure(() => serde.decode(unknown, context))).toMatchObject({
      code: 'DECODE',
      message: expect.stringContaining('schema id 2147483632'),
    });
    const bytes = await serde.encode({ id: 1, nick: 'abc' }, context);
    expect(await failure(async () => await serde.decode(bytes.subarray(0, 8), context))).toMatchObject({ code: 'DECODE', path: 'nick' });
    expect(await failure(() => serde.encode({ id: 'x', nick: 1 } as never, context))).toMatchObject({ code: 'VALIDATION', path: 'id' });
    const keys = optional(avro.confluent({ schema: 'string', registry }));
    expect(await keys.decode(await keys.encode('k', { ...context, part: 'key' }), context)).toBe('k');
  });
});

describe('avro.confluent with references', () => {
  const space = unique('refs').replaceAll('-', '_');
  const Country = { type: 'enum', name: 'Country', namespace: space, symbols: ['DE', 'FR'] } as const;
  const Address = {
    type: 'record',
    name: 'Address',
    namespace: space,
    fields: [
      { name: 'city', type: 'string' },
      { name: 'country', type: 'Country' },
    ],
  } as const;
  const Order = {
    type: 'record',
    name: 'Order',
    namespace: space,
    fields: [
      { name: 'id', type: 'int' },
      { name: 'to', type: 'Address' },
    ],
  } as const;
  const references = [{ schema: Country, subject: `${space}-countries` }, { schema: Address }] as const;

  it('registers what a schema names in subjects of their own, and reads it back by any reader', async () => {
    const context = contextOf();
    const serde = avro.confluent({ schema: Order, references, registry });
    expect(await serde.registered!(context).check()).toMatchObject({ status: 'new' });
    const value = { id: 7, to: { city: 'Lyon', country: 'FR' } } as const;
    const bytes = await serde.encode(value, context);
    expect(await avro.confluent({ schema: Order, references, registry }).decode(bytes, context)).toEqual(value);
    const foreign = await new SchemaRegistry({ host: server.url }).decode(bytes);
    expect(JSON.parse(JSON.stringify(foreign))).toEqual(value);
    const stored = async (subject: string) => (await (await fetch(`${server.url}/subjects/${subject}/versions/latest`)).json()) as object;
    expect(await stored(`${context.topic}-value`)).toMatchObject({
      references: [{ name: `${space}.Address`, subject: `${space}.Address`, version: 1 }],
    });
    expect(await stored(`${space}.Address`)).toMatchObject({
      references: [{ name: `${space}.Country`, subject: `${space}-countries`, version: 1 }],
    });
    const closed = avro.confluent({ schema: Order, references, registry, autoRegister: false });
    expect(await closed.encode(value, context)).toEqual(bytes);
  });

  it('compares them field by field, through what they name', async () => {
    const context = contextOf();
    const first = avro.confluent({ schema: Order, references, registry });
    await first.registered!(context).register();
    const fields = [{ name: 'id', type: 'boolean' }, Order.fields[1], { name: 'note', type: 'string', default: '' }] as const;
    const changed = avro.confluent({ schema: { ...Order, fields }, references, registry }).registered!(context);
    expect(await changed.check()).toMatchObject({
      status: 'incompatible',
      problems: ['id: int cannot be read as boolean (in records of version 1)'],
    });
    expect(changed.differences((await changed.latest())!)).toEqual(['~ id: int -> boolean', '+ note: string = ""']);
    const narrower = { ...Address, fields: [{ name: 'city', type: 'int' }, Address.fields[1]] } as const;
    const beneath = avro.confluent({ schema: Order, references: [references[0], { schema: narrower }], registry }).registered!(context);
    const refused = await failure(() => beneath.register());
    expect(refused).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining(`${space}.Address: city: string cannot be read as int`),
    });
    expect(() => avro.confluent({ schema: Order, references: [{ schema: 'string' }] })).toThrow(/references\[0\]: .* name/);
    expect(() => avro.confluent({ schema: Order })).toThrow(/Address/);
  });
});

describe('json.confluent', () => {
  const Order = z.object({ id: z.string(), amount: z.number(), mail: z.email().optional() });

  it('registers the JSON Schema of the schema, and checks what is sent and received', async () => {
    const context = contextOf();
    const serde = json.confluent({ schema: Order, registry });
    const bytes = await serde.encode({ id: 'a', amount: 2 }, context);
    expect(bytes.subarray(5).toString()).toBe('{"id":"a","amount":2}');
    expect(await serde.decode(bytes, context)).toEqual({ id: 'a', amount: 2 });
    const latest = await serde.registered!(context).latest();
    expect(JSON.parse(latest!.schema)).toMatchObject({
      type: 'object',
      required: ['id', 'amount'],
      properties: { mail: { format: 'email' } },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => serde.encode({ id: 1 } as never, context)).toThrow(/id: /);
    const other = Buffer.concat([bytes.subarray(0, 5), Buffer.from('{"id":1}')]);
    expect(() => serde.decode(other, context)).toThrow(/id: .*amount: /);
  });

  it('names the properties that are not compatible', async () => {
    const context = contextOf();
    await json.confluent({ schema: Order, registry }).encode({ id: 'a', amount: 2 }, context);
    const changed = json.confluent({ schema: Order.extend({ amount: z.string(), more: z.string() }), registry });
    const { message } = await failure(() => changed.encode({ id: 'a', amount: 'x', more: '' }, context));
    expect(message).toContain('amount: number is not string');
    expect(message).toContain('more: is required, and not written');
  });

  it('does not read records of another kind of schema', async () => {
    const context = contextOf();
    const record = avro.confluent({ schema: v1, registry });
    const order = json.confluent({ schema: Order, registry });
    const bytes = await record.encode({ id: 1, nick: '' }, context);
    expect(await failure(() => order.decode(bytes, context))).toMatchObject({
      code: 'DECODE',
      message: expect.stringContaining('not a JSON Schema'),
    });
    const text = await order.encode({ id: 'a', amount: 1 }, contextOf());
    expect(await failure(() => record.decode(text, context))).toMatchObject({
      code: 'DECODE',
      message: expect.stringContaining('not an Avro schema'),
    });
  });

  it('wants a JSON Schema from schemas that have none', () => {
    const bare = { '~standard': { version: 1, vendor: 'mine', validate: (value: unknown) => ({ value }) } } as const;
    expect(() => json.confluent({ schema: bare, registry })).toThrow(/schema \(mine\) has no JSON Schema/);
    expect(
      json.confluent({ schema: bare, registry, jsonSchema: { title: 'Mine' }, strategy: 'record' }).registered!(contextOf()).subject,
    ).toBe('Mine');
  });
});

describe('the way to the registry', () => {
  const encode = (options: object) => avro.confluent({ schema: v1, registry: options }).encode({ id: 1, nick: '' }, contextOf());

  it('shows a name and password, or a token', async () => {
    const gate = await new RegistryGate(server.url).open();
    gate.wanted = `Basic ${Buffer.from('ann:se:cret').toString('base64')}`;
    await encode({ url: gate.url, auth: { username: 'ann', password: 'se:cret' } });
    await encode({ url: gate.url.replace('//', '//ann:se%3Acret@') });
    gate.wanted = 'Bearer abc';
    await encode({ url: gate.url, auth: { token: async () => 'abc' } });
    const error = await failure(() => encode({ url: gate.url.replace('//', '//ann:se%3Acret@') }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('refused the credentials (HTTP 401)') });
    expect(error.message).not.toContain('cret@');
    await gate.shut();
  });

  it('waits for a token that cannot be had, and refuses what is none', async () => {
    const token = () => Promise.reject(new Error('no token server'));
    expect(await failure(() => encode({ url: server.url, retries: 0, auth: { token } }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('auth.token failed: no token server'),
    });
    for (const auth of [{}, { username: 'ann' }, { token: '' }])
      expect(await failure(() => encode({ url: server.url, auth }))).toMatchObject({
        code: 'CONFIG',
        message: expect.stringContaining('auth: expected'),
      });
  });

  it('speaks TLS, and checks the certificate', async () => {
    const gate = await new RegistryGate(server.url, { tls: true }).open();
    await encode({ url: gate.url, tls: { ca: loopbackTls().cert } });
    expect(await failure(() => encode({ url: gate.url, retries: 0 }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/certificate/),
    });
    await gate.shut();
  });

  it('tries again while the registry is busy, and says where it was when it is down', async () => {
    const gate = await new RegistryGate(server.url).open();
    gate.status = 503;
    const error = await failure(() => encode({ url: gate.url, retries: 2 }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('answered HTTP 503') });
    expect(gate.requests).toHaveLength(3);
    await gate.shut();
    expect(await failure(() => encode({ url: gate.url, retries: 0 }))).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/schema registry http:\/\/127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/),
      next: expect.stringContaining('SCHEMA_REGISTRY_URL'),
    });
  });

  it.each(['null', '[]', '{"status":"maintenance"}', '<html>'])('waits while something else answers in its place: %s', async (text) => {
    const other = createServer((_, response) => void response.end(text));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const serde = avro.confluent({ schema: v1, registry: { url, retries: 0 } });
    const expected = { code: 'UNAVAILABLE', message: expect.stringContaining('is it a schema registry?') };
    expect(await failure(() => serde.encode({ id: 1, nick: '' }, contextOf()))).toMatchObject(expected);
    expect(await failure(() => serde.decode(Buffer.from('000000000102', 'hex'), contextOf()))).toMatchObject(expected);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });

  it('asks again after a failure', async () => {
    const gate = await new RegistryGate(server.url).open();
    const context = contextOf();
    const serde = avro.confluent({ schema: v1, registry: { url: gate.url, retries: 0 } });
    await gate.shut();
    await failure(() => serde.encode({ id: 1, nick: '' }, context));
    await gate.open();
    expect(await serde.encode({ id: 1, nick: '' }, context)).toHaveLength(7);
    await gate.shut();
  });

  it('checks its options', () => {
    const made = (options: object) => avro.confluent({ schema: v1, registry: options }).registered!(contextOf()).find();
    expect(() => made({ url: 'registry:8081' })).toThrow(/expected the URL of an HTTP server, got "registry:8081"/);
    for (const url of ['ann:hunter2@registry:8081', 'http://ann:hunt@er2@registry:x'])
      expect(() => made({ url })).toThrow(/expected the URL of an HTTP server, got "\(hidden\)@registry:/);
    expect(() => made({ url: 'http://x', timeoutMs: 0 })).toThrow(/timeoutMs/);
    expect(() => made({ url: 'http://x', retries: -1 })).toThrow(/retries/);
    expect(() => made({ urll: 'http://x' })).toThrow(/unknown option "urll"/);
    expect(() => avro.confluent({ schema: v1, autoregister: false } as never)).toThrow(/avro\.confluent: unknown option "autoregister"/);
    expect(() => json.confluent({ schema: z.string(), references: [] } as never)).toThrow(
      /references between JSON Schemas are not supported/,
    );
  });
});
