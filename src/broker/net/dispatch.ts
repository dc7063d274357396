import { type Api, apiCodec, isFlexible } from '../../wire/api.ts';
import { apiVersions } from '../../wire/apis/admin.ts';
import { ErrorCode, MalformedMessage } from '../../wire/error-code.ts';
import { Reader, type ReadLimits } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import { carryOut } from '../faults/inject.ts';
import type { Context, Served } from '../handlers/handler.ts';
import { HANDLERS, handlerFor } from '../handlers/handlers.ts';
import { versionsOf } from '../handlers/metadata.ts';

const SIZE_BYTES = 4;

/**
 * Answers one frame.
 *
 * @returns the answer with its length in front, as buffers to be written in order; undefined when there is none
 * @throws MalformedMessage when the frame is not a request that is served; FaultDisconnect
 */
export async function dispatch(
  frame: Buffer,
  limits: ReadLimits,
  context: Omit<Context, 'version' | 'clientId'>,
): Promise<Buffer[] | undefined> {
  const reader = new Reader(frame, limits);
  const key = reader.int16();
  const version = reader.int16();
  const correlationId = reader.int32();
  const clientId = reader.string(false) ?? '';
  const served = handlerFor(key);
  if (served === undefined) throw new MalformedMessage(`there is no request with key ${key} here`);
  const { api, versions } = served;
  if (version < versions[0] || version > versions[1]) return refuseVersion(served, version, correlationId);
  if (isFlexible(api, version)) reader.taggedFields(() => {});
  const codec = apiCodec(api, version);
  const request = codec.request.decode(reader);
  const response = await carryOut(served, request, { ...context, version, clientId });
  if (response === undefined) return undefined;
  return encode(api, version, correlationId, (writer) => codec.response.encode(writer, response));
}

/** A client that is newer than the broker learns from this what it may use (KIP-511); any other request is refused. */
function refuseVersion({ api, versions }: Served, version: number, correlationId: number): Buffer[] {
  if (api.key !== apiVersions.key)
    throw new MalformedMessage(`${api.name} version ${version} is not served, only ${versions.join(' to ')}`);
  const response = { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys: versionsOf(HANDLERS) };
  return encode(apiVersions, 0, correlationId, (writer) => apiCodec(apiVersions, 0).response.encode(writer, response));
}

function encode(api: Api, version: number, correlationId: number, writeBody: (writer: Writer) => void): Buffer[] {
  const writer = new Writer();
  writer.int32(0);
  writer.int32(correlationId);
  // The header of an ApiVersions answer never has tagged fields: the client cannot know yet whether to expect them.
  if (isFlexible(api, version) && api.key !== apiVersions.key) writer.uvarint(0);
  writeBody(writer);
  const length = writer.length;
  const parts = writer.finish();
  parts[0]?.writeInt32BE(length - SIZE_BYTES, 0);
  return parts;
}
