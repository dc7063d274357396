import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type App, avro, each, forward, string, type WorkerEvents } from '../../src/index.ts';
import { readLetter } from '../../src/runtime/index.ts';
import { started, testAppOf, until } from '../helpers/app.ts';
import { client, createTopic, readAll, unique } from '../helpers/broker.ts';
import { RegistryGate, type TestRegistry, testRegistry } from '../helpers/registry.ts';

const User = { type: 'record', name: 'User', fields: [{ name: 'id', type: 'int' }] } as const;
const Named = {
  type: 'record',
  name: 'User',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'name', type: 'string', default: 'nobody' },
  ],
} as const;
const Other = { type: 'record', name: 'User', fields: [{ name: 'id', type: 'string' }] } as const;

let server: TestRegistry;
let gate: RegistryGate;

beforeAll(async () => {
  server = await testRegistry();
});
beforeEach(async () => {
  gate = await new RegistryGate(server.url).open();
  return () => gate.shut();
});
afterAll(() => server.close());

/** No retries of the transport's own, so that tests need not wait for them. */
const registryOf = (url: string) => ({ url, retries: 0 });

async function stopped(app: App, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } finally {
    await app.stop();
  }
}

/** Records in the order given, as another program with the registry at hand writes them. */
async function write(topic: string, values: readonly Buffer[]): Promise<void> {
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value, index) => ({ key: `k${index}`, value })) });
  await producer.disconnect();
}

const encoded = (topic: string, ids: readonly number[], schema: typeof User | typeof Named = User) =>
  Promise.all(ids.map((id) => avro.confluent({ schema, registry: registryOf(server.url) }).encode({ id }, { topic, part: 'value' })));

describe('an app whose topics are in Avro with a registry', () => {
  it('registers what it writes, reads every version of what it reads, and dead-letters what no registry knows', async () => {
    const from = await createTopic('avro-in');
    const app = testAppOf('avro');
    const source = app.topic(from, { key: string(), value: avro.confluent({ schema: Named, registry: registryOf(gate.url) }) });
    const sink = app.topic(unique('avro-out'), { key: string(), value: avro.confluent({ schema: Named, registry: registryOf(gate.url) }) });
    app.agent('copy', source, forward(), { to: sink });
    const letters: Array<WorkerEvents['deadLetter'][0]> = [];
    await stopped(app, async () => {
      const worker = await started(app);
      worker.on('deadLetter', (letter) => letters.push(letter));
      expect(await sink.serdes.value.registered!({ topic: sink.name, part: 'value' }).find()).toEqual(expect.any(Number));
      const [first, , third] = await encoded(from, [1, 2, 3]);
      const [second] = await encoded(from, [2], Named);
      const unknown = Buffer.from([0, 0x7f, 0xff, 0xff, 0xf0, 4]);
      await write(from, [first!, unknown, second!, third!, first!.subarray(0, 5)]);
      const copies = await until(
        () => readAll(sink.name),
        (records) => records.length === 3,
      );
      const values = await Promise.all(copies.map(({ value }) => sink.serdes.value.decode(value!, { topic: sink.name, part: 'value' })));
      expect(values).toEqual([1, 2, 3].map((id) => ({ id, name: 'nobody' })));
      await until(
        () => letters.length,
        (count) => count === 2,
      );
      expect(letters[0]!.error).toMatchObject({ code: 'DECODE', place: { topic: from, partition: 0, offset: 1 } });
      expect(letters[1]!.error).toMatchObject({ code: 'DECODE', path: 'id', place: { topic: from, partition: 0, offset: 4 } });
      const [letter] = await readAll(`${from}.${app.id}.dlq`);
      expect(letter!.value).toEqual(unknown);
      expect(readLetter(letter!.headers as never)).toMatchObject({
        code: 'DECODE',
        offset: 1,
        message: expect.stringContaining('schema id 2147483632'),
      });
    });
  });

  it('waits for a registry that goes away, in order and visibly, and dead-letters nothing for it', async () => {
    const from = await createTopic('avro-wait');
    const app = testAppOf('avro-wait');
    const source = app.topic(from, { key: string(), value: avro.confluent({ schema: User, registry: registryOf(gate.url) }) });
    const seen: number[] = [];
    app.agent(
      'read',
      source,
      each((user) => void seen.push(user.id)),
    );
    const told: string[] = [];
    await stopped(app, async () => {
      const worker = await started(app);
      worker.on('waiting', ({ error }) => told.push(`waiting: ${(error as Error).message}`));
      worker.on('resumed', () => told.push('resumed'));
      worker.on('deadLetter', () => told.push('dead letter'));
      await gate.shut();
      await write(from, await encoded(from, [1, 2, 3, 4, 5]));
      await until(
        () => worker.stats().agents['read']?.waitingSince,
        (since) => since !== undefined,
      );
      expect(seen).toEqual([]);
      await gate.open();
      await until(
        () => seen.length,
        (count) => count === 5,
      );
      expect(seen).toEqual([1, 2, 3, 4, 5]);
      expect(told).toEqual([expect.stringMatching(/^waiting: schema registry .* cannot be reached/), 'resumed']);
      expect(worker.stats().deadLettered).toBe(0);
    });
  });

  it('stops in order while it waits, and the next worker goes on where it was', async () => {
    const from = await createTopic('avro-stop');
    const id = unique('avro-stop');
    const seen: number[] = [];
    const appOf = () => {
      const app = testAppOf('avro-stop', { id });
      const value = avro.confluent({ schema: User, registry: registryOf(gate.url) });
      app.agent(
        'read',
        app.topic(from, { key: string(), value }),
        each((user) => void seen.push(user.id)),
      );
      return app;
    };
    const first = appOf();
    const worker = await started(first);
    await gate.shut();
    await write(from, await encoded(from, [1, 2]));
    await until(
      () => worker.stats().agents['read']?.waitingSince,
      (since) => since !== undefined,
    );
    await first.stop();
    await gate.open();
    const second = appOf();
    await stopped(second, async () => {
      await second.start();
      await until(
        () => seen.length,
        (count) => count === 2,
      );
      expect(seen).toEqual([1, 2]);
    });
  });

  it('has an event wait whose output cannot be encoded for want of the registry', async () => {
    const app = testAppOf('avro-send');
    const source = app.topic(unique('avro-send-in'), { key: string(), value: string() });
    const sink = app.topic(unique('avro-send-out'), {
      key: string(),
      value: avro.confluent({ schema: User, registry: registryOf(gate.url) }),
    });
    app.agent(
      'send',
      source,
      each(async (text, { key }) => void (await sink.send({ key, value: { id: Number(text) } }))),
    );
    // Of a topic that is read, the schema is not looked up at the start.
    app.agent(
      'read',
      sink,
      each(() => undefined),
    );
    await stopped(app, async () => {
      const worker = await started(app);
      await gate.shut();
      await source.send({ key: 'a', value: '7' });
      await until(
        () => worker.stats().agents['send']?.waitingSince,
        (since) => since !== undefined,
      );
      await gate.open();
      const [record] = await until(
        () => readAll(sink.name),
        (records) => records.length === 1,
      );
      expect(record!.value!.subarray(5)).toEqual(Buffer.from([14]));
      expect(worker.stats()).toMatchObject({ deadLettered: 0, agents: { send: { retried: 0 } } });
    });
  });

  describe('does not start', () => {
    const writer = (schema: typeof User | typeof Other, topic: string, options: object = {}) => {
      const app = testAppOf('avro-start');
      const source = app.topic(unique('avro-start-in'), {
        key: string(),
        value: avro.confluent({ schema, registry: registryOf(gate.url) }),
      });
      const value = avro.confluent({ schema, registry: registryOf(gate.url), ...options });
      app.agent('copy', source as never, forward() as never, { to: app.topic(topic, { key: string(), value }) as never });
      return app;
    };

    it('when the registry cannot be reached', async () => {
      await gate.shut();
      await expect(writer(User, unique('out')).start()).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/^schema registry http:\S+ cannot be reached/),
        next: expect.stringContaining('SCHEMA_REGISTRY_URL'),
      });
    });

    it('when a schema is not registered and must not be', async () => {
      await expect(writer(User, unique('out'), { autoRegister: false }).start()).rejects.toMatchObject({
        code: 'REFUSED',
        next: expect.stringContaining('streamer schemas register'),
      });
    });

    it('when a topic that only a handler sends to has a schema that is not compatible', async () => {
      const topic = unique('out');
      await encoded(topic, [1]);
      const app = testAppOf('avro-start');
      app.topic(topic, { key: string(), value: avro.confluent({ schema: Other, registry: registryOf(gate.url) }) });
      app.agent(
        'send',
        app.topic(unique('avro-start-in'), { key: string(), value: string() }),
        each(() => undefined),
      );
      await expect(app.start()).rejects.toMatchObject({
        code: 'REFUSED',
        message: expect.stringContaining('id: int cannot be read as string'),
      });
    });

    it('when a schema is not compatible, and says in which fields', async () => {
      const topic = unique('out');
      await encoded(topic, [1]);
      await expect(writer(Other, topic).start()).rejects.toMatchObject({
        code: 'REFUSED',
        message: expect.stringContaining('id: int cannot be read as string (in records of version 1)'),
      });
    });
  });
});
