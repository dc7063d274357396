import { failedAnswer } from '../../../src/broker/faults/failed-answer.ts';
import { type Api, apiCodec, isFlexible } from '../../../src/wire/api.ts';
import { produce } from '../../../src/wire/apis/data.ts';
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from '../../../src/wire/apis/transaction.ts';
import { Reader } from '../../../src/wire/reader.ts';
import { Writer } from '../../../src/wire/writer.ts';

/** The requests of a transaction, in the order in which a commit sends them. */
export const TRANSACTIONAL = {
  InitProducerId: initProducerId,
  AddPartitionsToTxn: addPartitionsToTxn,
  Produce: produce,
  AddOffsetsToTxn: addOffsetsToTxn,
  TxnOffsetCommit: txnOffsetCommit,
  EndTxn: endTxn,
} as const satisfies Readonly<Record<string, Api>>;
export type TransactionalName = keyof typeof TRANSACTIONAL;

interface Head {
  readonly version: number;
  readonly correlation: number;
  readonly body: Reader;
}

/** @param frame a request with its length */
function headOf(frame: Buffer, table: Api): Head {
  const reader = new Reader(frame.subarray(4));
  reader.int16();
  const version = reader.int16();
  const correlation = reader.int32();
  reader.string(false);
  if (isFlexible(table, version)) reader.taggedFields(() => {});
  return { version, correlation, body: reader };
}

/** The transactional id that a request names; null for one outside of transactions. All of these requests begin with it. */
export function transactionalIdOf(frame: Buffer, name: TransactionalName): string | null {
  const table = TRANSACTIONAL[name];
  const { version, body } = headOf(frame, table);
  return body.string(isFlexible(table, version));
}

/** The answer of a broker that has carried out nothing of the request. */
export function refusalOf(frame: Buffer, name: TransactionalName, errorCode: number): Buffer {
  const table: Api = TRANSACTIONAL[name];
  const { version, correlation, body } = headOf(frame, table);
  const request = apiCodec(table, version).request.decode(body);
  const answer = failedAnswer(table, version, request, errorCode);
  const writer = new Writer();
  writer.int32(0);
  writer.int32(correlation);
  if (isFlexible(table, version)) writer.uvarint(0);
  apiCodec(table, version).response.encode(writer, answer as never);
  const bytes = Buffer.concat(writer.finish());
  bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
}
