import { KafkaError } from '../../errors.ts';
import { type Api, apiCodec, isFlexible } from '../../wire/api.ts';
import { apiVersions } from '../../wire/apis/admin.ts';
import type { Decoded, Draft, Fields } from '../../wire/field.ts';
import { Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import type { Broker, WireCall } from './cluster.ts';

export interface RequestOptions {
  /** The versions that say what the caller means. @default all of the table */
  readonly oldest?: number;
  readonly newest?: number;
  /** @default that of the connection */
  readonly timeoutMs?: number;
}

/**
 * Sends any request of our tables over kafkajs' connection to a broker, in the newest version that both know: kafkajs
 * correlates, throttles and times out; `src/wire` encodes and decodes.
 *
 * @throws KafkaError `UNSUPPORTED_VERSION` (rejects) when there is no such version; errors of kafkajs' connection as they are
 */
export async function request<Q extends Fields, S extends Fields>(
  broker: Broker,
  api: Api<Q, S>,
  message: Draft<Q>,
  { timeoutMs, ...range }: RequestOptions = {},
): Promise<Decoded<S>> {
  const version = commonVersion(await ready(broker), api, range);
  const call: WireCall<Decoded<S>> = {
    request: { apiKey: api.key, apiVersion: version, apiName: api.name, encode: async () => encode(api, version, message) },
    response: { decode: async (raw) => decode(api, version, raw), parse: async (answer) => answer },
    ...(timeoutMs === undefined ? {} : { requestTimeout: timeoutMs }),
  };
  try {
    return await broker.connectionPool.send(call);
  } catch (error) {
    // As kafkajs does: the next request connects again.
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

/**
 * kafkajs calls a broker connected before it knows its versions: two callers that connect at the same time, as after an outage, then
 * share a broker of which nothing is known yet. `connect` waits for the one under way.
 */
async function ready(broker: Broker): Promise<Broker> {
  if (broker.versions === null || broker.versions === undefined) await broker.connect();
  if (broker.versions) return broker;
  throw new KafkaError('retry', 'the connection to the broker ended before its versions were known');
}

/** The newest version that the table and the broker have in common. @throws KafkaError */
function commonVersion(broker: Broker, api: Api, { oldest = api.versions[0], newest = api.versions[1] }: RequestOptions): number {
  const { minVersion, maxVersion } = broker.versions?.[api.key] ?? { minVersion: 0, maxVersion: -1 };
  const version = Math.min(newest, maxVersion);
  if (version >= oldest && version >= minVersion) return version;
  const theirs = maxVersion < 0 ? 'does not serve it' : `serves ${minVersion} to ${maxVersion}`;
  throw new KafkaError('fatal', `${api.name} is needed in version ${oldest} to ${newest}, and the broker ${theirs}`, {
    kafkaCode: 'UNSUPPORTED_VERSION',
  });
}

async function encode<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, message: Draft<Q>): Promise<Payload> {
  const writer = new Writer();
  // The last part of a flexible request's header; kafkajs writes the others.
  if (isFlexible(api, version)) writer.uvarint(0);
  apiCodec(api, version).request.encode(writer, message);
  const parts = writer.finish();
  const buffer = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  return { buf: buffer, buffer };
}

/** kafkajs's encoder: `buf` is looked at, `buffer` is sent. */
interface Payload {
  readonly buf: Buffer;
  readonly buffer: Buffer;
}

async function decode<Q extends Fields, S extends Fields>(api: Api<Q, S>, version: number, raw: Buffer): Promise<Decoded<S> & Throttled> {
  const reader = new Reader(raw);
  if (isFlexible(api, version) && api.key !== apiVersions.key) reader.taggedFields(() => {});
  const answer = apiCodec(api, version).response.decode(reader);
  // Brokers since 2.0 leave the waiting to the client (KIP-219); kafkajs waits for what stands here.
  const { throttleTimeMs } = answer as { readonly throttleTimeMs?: unknown };
  return { ...answer, clientSideThrottleTime: typeof throttleTimeMs === 'number' ? throttleTimeMs : 0 };
}

interface Throttled {
  readonly clientSideThrottleTime: number;
}
