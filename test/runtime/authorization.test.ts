import { join } from 'node:path';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, type Admin, ResourcePatternTypes } from 'kafkajs';
import { type App, type AppOptions, deadLetter, describeError, each, json, string, type Worker } from 'streamerjs';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTopics, withAdmin } from '../faults/system/client.ts';
import { readTopics } from '../faults/system/reader.ts';
import { testAppOf, until } from '../helpers/app.ts';
import { unique } from '../helpers/broker.ts';

/**
 * A Kafka with an authorizer: `KAFKA_ACL_BROKERS` is a listener whose clients may do everything, `KAFKA_ACL_SASL_BROKERS` one
 * at which `KAFKA_USERNAME` (streamer) logs in with `KAFKA_PASSWORD` (streamer-secret), and may do only what an ACL allows;
 * `KAFKA_ACL_TLS_BROKERS` one that wants a client certificate, which lies in `KAFKA_ACL_TLS_DIR`.
 */
const { KAFKA_ACL_BROKERS, KAFKA_ACL_SASL_BROKERS = '', KAFKA_USERNAME = 'streamer', KAFKA_PASSWORD = 'streamer-secret' } = process.env;
const { KAFKA_ACL_TLS_BROKERS = '', KAFKA_ACL_TLS_DIR = '' } = process.env;
const { TOPIC, GROUP } = AclResourceTypes;
const { READ, WRITE, DESCRIBE } = AclOperationTypes;

type Right = readonly [type: AclResourceTypes, name: string, operation: AclOperationTypes];

interface Stage {
  readonly id: string;
  readonly input: string;
  readonly output: string;
  readonly letters: string;
}

const running: App[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
});

const asRoot = <T>(use: (admin: Admin) => Promise<T>): Promise<T> => withAdmin(String(KAFKA_ACL_BROKERS), use);

/** Topics with two events of one key, the second of which fails always. */
async function stage(name: string): Promise<Stage> {
  const id = unique(name);
  const names = { id, input: `${id}.in`, output: `${id}.out`, letters: `${id}.in.${id}.dlq` };
  await createTopics(String(KAFKA_ACL_BROKERS), [names.input, names.output, names.letters], 1);
  const root = testAppOf('root', { id, brokers: String(KAFKA_ACL_BROKERS).split(',') });
  const input = root.topic(names.input, { key: string(), value: json(z.object({ n: z.number() })) });
  for (const n of [1, 2]) await input.send({ key: 'k', value: { n } });
  await root.stop();
  return names;
}

/** As a user who has just these rights. */
async function allow(rights: readonly Right[]): Promise<void> {
  await asRoot(async (admin) => {
    const acl = rights.map(([resourceType, resourceName, operation]) => ({
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: `User:${KAFKA_USERNAME}`,
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    }));
    await admin.createAcls({ acl });
    for (const entry of acl) {
      await until(
        () => admin.describeAcls(entry),
        ({ resources }) => resources.length > 0,
      );
    }
  });
}

const base = ({ id, input, output, letters }: Stage): Right[] => [
  [GROUP, id, READ],
  [TOPIC, input, READ],
  [TOPIC, output, WRITE],
  [TOPIC, letters, WRITE],
];
const without = (rights: readonly Right[], name: string, kept: readonly Right[] = []): Right[] => [
  ...rights.filter((right) => right[1] !== name),
  ...kept,
];

function appOf({ id, input, output }: Stage): App {
  const app = testAppOf('limited', {
    id,
    brokers: KAFKA_ACL_SASL_BROKERS.split(','),
    saslUsername: KAFKA_USERNAME,
    saslPassword: KAFKA_PASSWORD,
  });
  running.push(app);
  const item = { key: string(), value: json(z.object({ n: z.number() })), partitions: 1 };
  app.agent(
    'copy',
    app.topic(input, item),
    each((value) => {
      if (value.n === 2) throw new Error('two is too many');
      return value;
    }),
    { to: app.topic(output, item), onError: deadLetter() },
  );
  return app;
}

/** What a worker ends with that must not go on. */
async function endOf(app: App): Promise<string> {
  try {
    const worker = await app.start();
    await worker.stopped;
  } catch (error) {
    return describeError(error);
  }
  throw new Error('the worker stopped in order');
}

async function valuesIn(topic: string): Promise<string[]> {
  return (await readTopics(String(KAFKA_ACL_BROKERS), [topic])).map(({ value }) => value);
}

async function committed({ id, input }: Stage): Promise<number> {
  const [found] = await asRoot((admin) => admin.fetchOffsets({ groupId: id, topics: [input] }));
  return Number(found?.partitions[0]?.offset ?? -1);
}

describe.skipIf(KAFKA_ACL_BROKERS === undefined)('a user without the right', () => {
  it('to see a topic: the worker does not start, and says which ACL is missing', async () => {
    const on = await stage('see');
    await allow(without(base(on), on.letters));
    const said = await endOf(appOf(on));
    expect(said).toContain(`User "${KAFKA_USERNAME}" lacks the ACL Describe on topic "${on.letters}"`);
    expect(said).toContain('kafka-acls --add');
  }, 60_000);

  it('to read a topic: the worker ends', async () => {
    const on = await stage('read');
    await allow(without(base(on), on.input, [[TOPIC, on.input, DESCRIBE]]));
    expect(await endOf(appOf(on))).toContain(`User "${KAFKA_USERNAME}" lacks the ACL Read on topic "${on.input}"`);
  }, 60_000);

  it('to join the group: the worker ends', async () => {
    const on = await stage('join');
    await allow(without(base(on), on.id));
    expect(await endOf(appOf(on))).toContain(`User "${KAFKA_USERNAME}" lacks the ACL Read on group "${on.id}"`);
  }, 60_000);

  it('to write an output: the worker ends, whatever the policy; nothing is committed or dead-lettered, and all comes once it may', async () => {
    const on = await stage('write');
    await allow(without(base(on), on.output, [[TOPIC, on.output, DESCRIBE]]));
    expect(await endOf(appOf(on))).toContain(`User "${KAFKA_USERNAME}" lacks the ACL Write on topic "${on.output}"`);
    expect(await committed(on)).toBeLessThan(1);
    expect(await valuesIn(on.output)).toEqual([]);
    await allow([[TOPIC, on.output, WRITE]]);
    const app = appOf(on);
    await app.start();
    await until(
      () => committed(on),
      (offset) => offset === 2,
    );
    expect(await valuesIn(on.output)).toEqual(['{"n":1}']);
  }, 60_000);

  it('to write dead letters: the event stays unfinished, the worker says so, and goes on once it may', async () => {
    const on = await stage('letters');
    await allow(without(base(on), on.letters, [[TOPIC, on.letters, DESCRIBE]]));
    const worker: Worker = await appOf(on).start();
    const warnings: string[] = [];
    worker.on('warning', ({ error }) => warnings.push(describeError(error)));
    await until(
      () => warnings.join('\n'),
      (said) => said.includes(`User "${KAFKA_USERNAME}" lacks the ACL Write on topic "${on.letters}"`),
    );
    expect(warnings.join('\n')).toContain('the event stays unfinished');
    await until(
      () => committed(on),
      (offset) => offset === 1,
    );
    expect(worker.state).toBe('ready');
    await allow([[TOPIC, on.letters, WRITE]]);
    await until(
      () => committed(on),
      (offset) => offset === 2,
      40_000,
    );
    expect(await valuesIn(on.letters)).toEqual(['{"n":2}']);
  }, 90_000);

  it('whose password is wrong: the worker does not start', async () => {
    const on = await stage('login');
    const app = testAppOf('wrong', {
      id: on.id,
      brokers: KAFKA_ACL_SASL_BROKERS.split(','),
      saslUsername: KAFKA_USERNAME,
      saslPassword: 'no',
    });
    running.push(app);
    app.agent(
      'none',
      app.topic(on.input),
      each(() => {}),
    );
    expect(await endOf(app)).toContain('Check mechanism, user and password.');
  }, 60_000);
});

describe.skipIf(KAFKA_ACL_TLS_BROKERS === '')('a connection with certificates', () => {
  const file = (name: string) => join(KAFKA_ACL_TLS_DIR, name);
  const client = (files: Partial<AppOptions>) => {
    const app = testAppOf('tls', { brokers: KAFKA_ACL_TLS_BROKERS.split(','), ...files });
    running.push(app);
    return app.client();
  };

  it('is made with the files that the settings name', async () => {
    const made = await client({ sslCa: file('ca.pem'), sslCert: file('client-cert.pem'), sslKey: file('client-key.pem') });
    await expect(made.connect()).resolves.toBeUndefined();
  });

  it("is refused where the brokers' certificate is not trusted", async () => {
    await expect(client({ ssl: true })).rejects.toMatchObject({ reason: 'fatal', next: expect.stringContaining('--ssl-ca FILE') });
  });
});
