import { queryObjects } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { type Ordered, Unit } from '../../src/runtime/work/ordering/unit.ts';
import { Units } from '../../src/runtime/work/ordering/units.ts';
import { systemClock } from '../../src/timing/index.ts';

interface Item extends Ordered<Item> {}

const item = (place: number): Item => ({ place, unit: undefined, next: undefined, isBackingOff: false });

/** Lets one item through, as a task does with an event whose handler and outputs are done before the next one comes. */
function pass(units: Units<Item>, offset: number, lane: number | undefined): void {
  units.add(item(offset), offset % 8);
  const [taken] = units.take(1, lane === undefined ? {} : { lane });
  const unit = taken?.unit;
  if (taken === undefined || unit === undefined) throw new Error(`nothing to take at ${offset}`);
  expect(taken.place).toBe(offset);
  unit.inFlight--;
  unit.open.shift();
  units.refresh(unit);
}

describe('units', () => {
  it.each([true, false])('keeps nothing of what came one by one and is finished (lanes: %s)', (areLanes) => {
    const before = queryObjects(Unit, { format: 'count' }) as unknown as number;
    const units = new Units<Item>(areLanes, systemClock);
    for (let offset = 0; offset < 5_000; offset++) pass(units, offset, areLanes ? offset % 8 : undefined);
    expect((queryObjects(Unit, { format: 'count' }) as unknown as number) - before).toBeLessThan(20);
    expect(units.isEmpty).toBe(true);
    expect(units.isIdle).toBe(true);
  });

  it.each([true, false])('gives what may start of every unit to whoever names no lane (lanes: %s)', (areLanes) => {
    const units = new Units<Item>(areLanes, systemClock);
    for (const offset of [0, 1, 2, 8, 9]) units.add(item(offset), offset % 8);
    expect(units.isIdle).toBe(false);
    expect(units.take(2, {}).map(({ place }) => place)).toEqual([0, 1]);
    expect(units.take(9, {}).map(({ place }) => place)).toEqual([2]);
    expect(units.take(9, {})).toEqual([]);
    expect(units.isIdle).toBe(true);
  });
});
