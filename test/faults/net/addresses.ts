import { apiCodec, isFlexible } from '../../../src/wire/api.ts';
import { metadata } from '../../../src/wire/apis/admin.ts';
import { findCoordinator } from '../../../src/wire/apis/group.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { Writer } from '../../../src/wire/writer.ts';

/** Requests whose answers say where brokers are. */
export const METADATA = metadata.key;
export const FIND_COORDINATOR = findCoordinator.key;
const HOST = '127.0.0.1';

export type PortMap = (port: number) => number;

/** Puts other ports into the answers in which a broker says where brokers are. @param frame a response with its length */
export function rewriteAddresses(frame: Buffer, api: number, version: number, ports: PortMap): Buffer {
  const table = api === METADATA ? metadata : findCoordinator;
  const [, newest] = table.versions;
  if (version > newest) throw new Error(`the layout of response ${api} version ${version} is not known to the proxy`);
  const head = 8 + (isFlexible(table, version) ? 1 : 0);
  const body = new Reader(frame.subarray(head));
  const writer = new Writer();
  if (api === METADATA) rewriteMetadata(body, writer, version, ports);
  else rewriteCoordinator(body, writer, version, ports);
  const rewritten = Buffer.concat([frame.subarray(0, head), ...writer.finish()]);
  rewritten.writeInt32BE(rewritten.length - 4, 0);
  return rewritten;
}

function rewriteMetadata(body: Reader, writer: Writer, version: number, ports: PortMap): void {
  const { response } = apiCodec(metadata, version);
  const answer = response.decode(body);
  response.encode(writer, { ...answer, brokers: answer.brokers.map((broker) => rewriteAddress(broker, ports)) });
}

function rewriteCoordinator(body: Reader, writer: Writer, version: number, ports: PortMap): void {
  const { response } = apiCodec(findCoordinator, version);
  const answer = response.decode(body);
  const coordinators = answer.coordinators.map((each) => rewriteAddress(each, ports));
  response.encode(writer, { ...rewriteAddress(answer, ports), coordinators });
}

/** A coordinator that is not known has neither host nor port. */
function rewriteAddress<A extends { readonly host: string; readonly port: number }>(address: A, ports: PortMap): A {
  return address.port <= 0 ? address : { ...address, host: HOST, port: ports(address.port) };
}
