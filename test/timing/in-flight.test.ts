import { expect, it } from 'vitest';
import { deferred, InFlightWindow } from '../../src/timing/index.ts';

it('holds the sender back by count and size, and goes on with each end, also a failed one; the first error is kept', async () => {
  const window = new InFlightWindow(({ count, size }) => count < 3 && size < 100);
  const sends = Array.from({ length: 4 }, () => deferred<void>());
  const [first, second, third, fourth] = sends.map(({ promise }) => promise) as [
    Promise<void>,
    Promise<void>,
    Promise<void>,
    Promise<void>,
  ];
  await window.add(first, 10);
  const large = window.add(second, 90);
  let isFree = false;
  void large.then(() => {
    isFree = true;
  });
  await new Promise(setImmediate);
  expect([isFree, window.count, window.size]).toEqual([false, 2, 100]);
  sends[1]?.reject(new Error('first'));
  await large;
  await window.settledOrFailed();
  await window.add(third);
  sends[2]?.reject(new Error('second'));
  void window.add(fourth);
  sends[0]?.resolve();
  sends[3]?.resolve();
  await window.settled();
  expect(window).toMatchObject({ count: 0, size: 0, succeeded: 2, failure: { error: { message: 'first' } } });
});
