import { expect } from 'vitest';
import type { Partition } from '../../../src/broker/catalog/partition.ts';
import type { Groups } from '../../../src/broker/groups/groups.ts';
import { valuesOf } from './batches.ts';
import { type Life, startOf } from './topic-life.ts';

/** Offsets are contiguous, and what stands there was sent, once; with promises, all that was acknowledged is there. */
export function checkPartition(life: Life, partition: Partition, keepsPromises: boolean): void {
  const { index, log } = partition;
  const where = `${life.name}[${index}]`;
  const read = readAll(partition);
  expect(
    read.map(({ offset }) => offset),
    `${where}: offsets are contiguous`,
  ).toEqual(read.map((_, i) => log.startOffset + i));
  expect(log.startOffset + read.length, `${where}: the end`).toBe(log.endOffset);
  const writers = [...life.writers].filter(([key]) => key.startsWith(`${index}-`)).map(([, writer]) => writer);
  const sentValues = new Set(writers.flatMap(({ batches }) => batches.flatMap(({ values }) => values)));
  const seen = new Set<string>();
  for (const { value } of read) {
    expect(sentValues.has(value) || life.earlier.has(value), `${where}: ${value} was sent`).toBe(true);
    expect(seen.has(value), `${where}: ${value} is there once`).toBe(false);
    seen.add(value);
  }
  if (!keepsPromises) return forgetLost(life, index);
  const { least, most } = startOf(life, index);
  expect(log.startOffset, `${where}: the start`).toBeGreaterThanOrEqual(least);
  expect(log.startOffset, `${where}: the start`).toBeLessThanOrEqual(most);
  const byOffset = new Map(read.map(({ offset, value }) => [offset, value]));
  for (const { values, baseOffset } of writers.flatMap(({ batches }) => batches)) {
    if (baseOffset === undefined) continue;
    for (const [i, value] of values.entries()) {
      if (baseOffset + i >= log.startOffset) expect(byOffset.get(baseOffset + i), `${where}@${baseOffset + i}`).toBe(value);
    }
  }
}

/** After more was lost than was promised, clients begin anew. */
function forgetLost(life: Life, index: number): void {
  for (const [key, { batches }] of [...life.writers]) {
    if (!key.startsWith(`${index}-`)) continue;
    for (const { values } of batches) for (const value of values) life.earlier.add(value);
    life.writers.delete(key);
  }
}

export function checkCommits(groups: Groups, life: Life, keepsPromises: boolean): void {
  for (const [group, asked] of life.commits) {
    const { offset, metadata } = groups.get(group)?.offsets.get(life.name, 0) ?? { offset: -1, metadata: '' };
    const at = asked.findIndex(({ value }) => value === offset);
    if (offset !== -1) {
      expect(at, `${group}: offset ${offset} was committed`).toBeGreaterThanOrEqual(0);
      expect(metadata).toBe(`m${offset}`);
    }
    if (!keepsPromises) continue;
    expect(at, `${group}: the last commit`).toBeGreaterThanOrEqual(asked.findLastIndex((one) => one.isAcknowledged));
    life.commits.set(group, offset === -1 ? [] : [{ value: offset, isAcknowledged: true }]);
  }
}

function readAll({ log }: Partition) {
  const buffers: Buffer[] = [];
  let at = log.startOffset;
  while (at < log.endOffset) {
    // Less than a batch, so that the limit is met at every place.
    const found = log.read(at, 150, true) as readonly Buffer[];
    const values = valuesOf(found);
    expect(values.length, `something can be read at ${at}`).toBeGreaterThan(0);
    buffers.push(...found);
    at = (values.at(-1)?.offset as number) + 1;
  }
  return valuesOf(buffers).filter(({ offset }) => offset >= log.startOffset);
}
