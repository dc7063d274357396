/**
 * Puts other ports into the answers in which a broker says where brokers are: Metadata 0 to 6 and FindCoordinator 0 to 2,
 * the versions that kafkajs 2.2.4 sends (layouts: https://kafka.apache.org/protocol#protocol_messages).
 */
export const METADATA = 3;
export const FIND_COORDINATOR = 10;
const NEWEST: Readonly<Record<number, number>> = { [METADATA]: 6, [FIND_COORDINATOR]: 2 };
const HOST = '127.0.0.1';

export type PortMap = (port: number) => number;

/** @param frame a response with its length @throws Error for a version whose layout is not known here */
export function rewriteAddresses(frame: Buffer, api: number, version: number, ports: PortMap): Buffer {
  if (version > (NEWEST[api] ?? -1)) throw new Error(`the layout of response ${api} version ${version} is not known to the proxy`);
  const body = new Rewriter(frame.subarray(4));
  body.copy(4);
  if (api === METADATA) metadata(body, version, ports);
  else findCoordinator(body, version, ports);
  const rewritten = body.end();
  const length = Buffer.alloc(4);
  length.writeInt32BE(rewritten.length, 0);
  return Buffer.concat([length, rewritten]);
}

function metadata(body: Rewriter, version: number, ports: PortMap): void {
  if (version >= 3) body.copy(4);
  for (let left = body.copyInt32(); left > 0; left--) {
    body.copy(4);
    body.address(ports);
    if (version >= 1) body.copyString();
  }
}

function findCoordinator(body: Rewriter, version: number, ports: PortMap): void {
  if (version >= 1) body.copy(4);
  body.copy(2);
  if (version >= 1) body.copyString();
  body.copy(4);
  body.address(ports);
}

class Rewriter {
  readonly #source: Buffer;
  readonly #parts: Buffer[] = [];
  #at = 0;

  constructor(source: Buffer) {
    this.#source = source;
  }

  copy(bytes: number): void {
    this.#parts.push(this.#source.subarray(this.#at, this.#at + bytes));
    this.#at += bytes;
  }

  copyInt32(): number {
    const value = this.#source.readInt32BE(this.#at);
    this.copy(4);
    return value;
  }

  copyString(): void {
    this.copy(2 + Math.max(0, this.#source.readInt16BE(this.#at)));
  }

  /** Host and port; a coordinator that is not known has neither. */
  address(ports: PortMap): void {
    const length = this.#source.readInt16BE(this.#at);
    const port = this.#source.readInt32BE(this.#at + 2 + length);
    if (port <= 0) {
      this.copy(6 + length);
      return;
    }
    this.#at += 6 + length;
    const written = Buffer.alloc(6 + HOST.length);
    written.writeInt16BE(HOST.length, 0);
    written.write(HOST, 2);
    written.writeInt32BE(ports(port), 2 + HOST.length);
    this.#parts.push(written);
  }

  end(): Buffer {
    this.copy(this.#source.length - this.#at);
    return Buffer.concat(this.#parts);
  }
}
