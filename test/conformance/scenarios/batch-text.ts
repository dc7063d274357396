import { valuesOf } from '../../broker/support/batches.ts';

const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** Record batches as lines, all of their headers but times and checksums; `name` gives producer ids names of their own. */
export function describeBatches(buffers: readonly Buffer[], name: (producerId: number) => string | number): string[] {
  const bytes = Buffer.concat(buffers);
  const lines: string[] = [];
  for (let at = 0; at + 61 <= bytes.length; ) {
    const length = bytes.readInt32BE(at + 8) + 12;
    if (at + length > bytes.length) break;
    lines.push(describe(bytes.subarray(at, at + length), name));
    at += length;
  }
  return lines;
}

function describe(batch: Buffer, name: (producerId: number) => string | number): string {
  const attributes = batch.readInt16BE(21);
  const base = Number(batch.readBigInt64BE(0));
  const producer = Number(batch.readBigInt64BE(43));
  const who = `${name(producer)} epoch ${batch.readInt16BE(51)} sequence ${batch.readInt32BE(53)}`;
  const kind = [attributes & TRANSACTIONAL ? 'transactional' : '', attributes & CONTROL ? 'control' : ''].filter(Boolean).join(' ');
  const content = attributes & CONTROL ? controlText(batch.subarray(61)) : JSON.stringify(valuesOf([batch]).map(({ value }) => value));
  return `@${base}+${batch.readInt32BE(23)} count ${batch.readInt32BE(57)} ${kind || 'plain'} by ${who}: ${content}`;
}

/** The coordinator's epoch, before the last byte, tells how often it has moved: that is its own affair. */
function controlText(record: Buffer): string {
  return `${record.subarray(0, -5).toString('hex')}........${record.subarray(-1).toString('hex')}`;
}
