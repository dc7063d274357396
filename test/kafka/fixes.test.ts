import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { applyFixes, chosenFixes } from '../../src/kafka/kafkajs/fixes/index.ts';
import { shared } from '../../src/kafka/kafkajs/fixes/join.ts';

const load = createRequire(import.meta.url);

describe('the timer', () => {
  const pathOf = load.resolve('kafkajs/src/network/requestQueue');
  const logger = { debug: () => {}, warn: () => {} };
  type Queue = {
    throttleCheckTimeoutId: unknown;
    pending: unknown[];
    destroy(): void;
    checkPendingRequests(): void;
    push(request: object): void;
  };
  const queueOf = (setting: string): Queue => {
    delete load.cache[pathOf];
    applyFixes(load, setting);
    const RequestQueue = load('kafkajs/src/network/requestQueue') as new (options: object) => Queue;
    return new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: 1000,
      enforceRequestTimeout: false,
      clientId: 'c',
      broker: 'b',
      logger,
    });
  };

  it('runs on for ever in kafkajs with nothing to send, and not with the fix', () => {
    const stock = queueOf('off');
    stock.checkPendingRequests();
    expect(stock.throttleCheckTimeoutId).not.toBeNull();
    stock.destroy();
    const ours = queueOf('timer');
    ours.checkPendingRequests();
    expect(ours.throttleCheckTimeoutId).toBeNull();
  });

  it('is still set while a request waits', () => {
    const queue = queueOf('timer');
    const request = (correlationId: number) => ({ entry: { correlationId }, expectResponse: true, sendRequest: () => {} });
    queue.push(request(1));
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.push(request(2));
    expect(queue.pending.length).toBe(1);
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });
});

describe('joins', () => {
  it('that come while one is under way share it, one consumer apart from the other', async () => {
    let joins = 0;
    const ends: Array<() => void> = [];
    const join = shared(() => {
      joins += 1;
      return new Promise((resolve) => ends.push(resolve));
    });
    const [a, b] = [{}, {}];
    const all = [join.call(a), join.call(a), join.call(b)];
    expect(joins).toBe(2);
    for (const end of ends) end();
    await Promise.all(all);
    void join.call(a);
    expect(joins).toBe(3);
  });
});

describe('an out-of-range reset', () => {
  it('moves the position, and commits nothing', async () => {
    delete load.cache[load.resolve('kafkajs/src/consumer/offsetManager')];
    applyFixes(load, 'reset');
    const OffsetManager = load('kafkajs/src/consumer/offsetManager') as new (
      options: object,
    ) => {
      setDefaultOffset(tp: object): Promise<void>;
      nextOffset(topic: string, partition: number): { toString(): string };
    };
    const manager = new OffsetManager({
      cluster: {
        committedOffsets: () => ({}),
        fetchTopicsOffset: async ([{ fromBeginning }]: [{ fromBeginning: boolean }]) => [
          { partitions: [{ offset: fromBeginning ? '40' : '90' }] },
        ],
      },
      coordinator: { offsetCommit: () => Promise.reject(new Error('must not commit')) },
      memberAssignment: { t: [0] },
      topicConfigurations: { t: { fromBeginning: true } },
      groupId: 'g',
    });
    await manager.setDefaultOffset({ topic: 't', partition: 0 });
    expect(manager.nextOffset('t', 0).toString()).toBe('40');
  });
});

describe('the switch', () => {
  it('takes on, off and a list, and leaves out what it does not know', () => {
    expect(chosenFixes('off')).toEqual([]);
    expect(chosenFixes('on')).toEqual(['names', 'timer', 'join', 'reset']);
    expect(chosenFixes(' join, timer,nothing')).toEqual(['timer', 'join']);
  });
});
