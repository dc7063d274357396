/**
 * The store of tables alone: memory at many entries, and how long updates keep the event loop busy.
 *
 *     npm run soak:store                                  10 M keys, ten minutes of updates
 *     npm run soak:store -- --entries 1000000 --minutes 1
 *
 * A round of the loop applies what a commit interval brings (events that have finished, at `--rate`), every half second a cut
 * is taken, and promoted and compacted in slices as the runtime does it. A stall is the time between two turns of the event
 * loop that are due every millisecond.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { Command } from 'commander';
import { EventState, Shard } from '../../src/tables/index.ts';
import { MemoryStore } from '../../src/tables/store/memory-store.ts';
import { quantile, whole } from '../figures.ts';

const options = new Command()
  .option('--entries <n>', 'entries', '10000000')
  .option('--minutes <n>', 'minutes of updates', '10')
  .option('--rate <n>', 'updates a second', '20000')
  .option('--value <bytes>', 'bytes of a value; every tenth update writes one that is longer by up to half', '40')
  .parse()
  .opts<{ entries: string; minutes: string; rate: string; value: string }>();
const entries = Number(options.entries);
const valueBytes = Number(options.value);
const SLICE_MS = 5;
const COMMIT_MS = 500;
/** Updates between two turns: what a fetch brings. */
const STEP_MS = 20;

/** Wakes every millisecond, and notes how long it took: by the clock, and by the processor time of the process meanwhile. */
class Stalls {
  #clock: number[] = [];
  #processor: number[] = [];
  #last = performance.now();
  #cpu = process.cpuUsage();
  readonly #timer = setInterval(() => {
    const now = performance.now();
    const cpu = process.cpuUsage(this.#cpu);
    this.#clock.push(now - this.#last);
    this.#processor.push((cpu.user + cpu.system) / 1_000);
    this.#last = now;
    this.#cpu = process.cpuUsage();
  }, 1);

  /** What was noted since the last call. */
  take(): string {
    const [clock, processor] = [this.#clock, this.#processor];
    this.#clock = [];
    this.#processor = [];
    const show = (times: readonly number[]) =>
      `${times.reduce((most, ms) => Math.max(most, ms), 0).toFixed(1)} ms (99.9 % within ${quantile(times, 0.999).toFixed(1)})`;
    return `longest ${show(clock)}, in processor time ${show(processor)}`;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

function keyOf(n: number): Buffer {
  return Buffer.from(`customer-${String(n).padStart(11, '0')}`);
}

function valueOf(n: number): Buffer {
  const extra = n % 10 === 0 ? n % Math.max(1, valueBytes >> 1) : 0;
  return Buffer.alloc(valueBytes + extra, n & 0xff);
}

/** After a collection where one can be asked for. */
function memory(): NodeJS.MemoryUsage {
  globalThis.gc?.();
  return process.memoryUsage();
}

function growth(store: MemoryStore, before: NodeJS.MemoryUsage): string {
  const now = memory();
  const show = (name: 'arrayBuffers' | 'rss') =>
    `${whole((now[name] - before[name]) / 2 ** 20)} MiB (${((now[name] - before[name]) / store.bytes).toFixed(2)} of keys and values)`;
  return `${show('arrayBuffers')} in buffers, ${show('rss')} resident, ${whole((now.heapUsed - before.heapUsed) / 2 ** 20)} MiB of heap`;
}

async function fill(store: MemoryStore): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < entries; ) {
    const until = Date.now() + SLICE_MS;
    while (n < entries && Date.now() < until) for (let left = 64; left > 0 && n < entries; left--, n++) store.set(keyOf(n), valueOf(n));
    await turn();
  }
  return performance.now() - startedAt;
}

async function commit(shard: Shard): Promise<void> {
  while (!shard.promote(Date.now() + SLICE_MS)) await turn();
  while (shard.base.compact(Date.now() + SLICE_MS)) await turn();
}

/** Updates for so long. Returns their number. */
async function update(shard: Shard, minutes: number): Promise<number> {
  const until = Date.now() + minutes * 60_000;
  const perStep = Math.ceil((Number(options.rate) * STEP_MS) / 1_000);
  const state = new EventState();
  let count = 0;
  let committing: Promise<void> | undefined;
  let cutAt = Date.now() + COMMIT_MS;
  for (let seed = 1; Date.now() < until; ) {
    for (let left = perStep; left > 0; left--, count++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      const key = keyOf(seed % entries);
      state.get(shard, key);
      state.set(shard, key, valueOf(count));
      state.apply();
    }
    if (Date.now() >= cutAt && committing === undefined) {
      cutAt = Date.now() + COMMIT_MS;
      for (const _ of shard.cut());
      committing = commit(shard).finally(() => {
        committing = undefined;
      });
    }
    await sleep(STEP_MS);
  }
  await committing;
  return count;
}

const before = memory();
const store = new MemoryStore();
const shard = new Shard(store);
const stalls = new Stalls();
const fillMs = await fill(store);
const filling = stalls.take();
const filled = growth(store, before);
stalls.take();
const updates = await update(shard, Number(options.minutes));
const updating = stalls.take();
stalls.end();
console.log(
  [
    `${whole(store.size)} entries of ${(store.bytes / store.size).toFixed(1)} bytes (key and value), Node ${process.version}`,
    `filled: ${filled}`,
    `after ${options.minutes} minutes of updates: ${growth(store, before)}`,
    `filled at ${whole(entries / (fillMs / 1_000))} entries/s; turns of the event loop meanwhile: ${filling}`,
    `${whole(updates)} updates, a cut every ${COMMIT_MS} ms; turns of the event loop meanwhile: ${updating}`,
  ].join('\n'),
);
