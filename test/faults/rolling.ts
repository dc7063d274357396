import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { INPUT, OUTPUTS, SECOND_INPUT, Stamp } from './app/item.ts';
import { now } from './clock.ts';
import { embeddedBroker, runningBroker } from './system/broker.ts';
import { brokerPorts, createTopics } from './system/client.ts';
import { Fleet } from './system/fleet.ts';
import { endOnSignals } from './system/interrupt.ts';
import { produceLoad } from './system/load.ts';
import { readTopics } from './system/reader.ts';

/**
 * A rolling restart, measured from outside: workers are asked to end one after the other, each is replaced, and meanwhile events
 * come in. A partition's pause is the longest time between two calls of a handler for it, from the request to the replacement's
 * readiness; a move is a change of the worker that is called.
 */
const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '4' },
    partitions: { type: 'string', default: '12' },
    rate: { type: 'string', default: '600' },
    broker: { type: 'string', default: 'embedded' },
  },
});

interface Window {
  readonly from: number;
  readonly to: number;
}

async function main(): Promise<void> {
  const [workers, partitions, rate] = [Number(values.workers), Number(values.partitions), Number(values.rate)];
  const broker = values.broker === 'embedded' ? await embeddedBroker({ onDisk: false }) : runningBroker(values.broker);
  const id = `rolling-${randomUUID().slice(0, 8)}`;
  const [input, out] = [`${id}.${INPUT}`, `${id}.out-none`];
  await createTopics(broker.address, [input], partitions);
  const others = [SECOND_INPUT, ...OUTPUTS.map(({ topic }) => topic), `${INPUT}.${id}.dlq`, `${SECOND_INPUT}.${id}.dlq`];
  await createTopics(
    broker.address,
    others.map((name) => `${id}.${name}`),
    3,
  );
  const fleet = new Fleet({ id, brokerPorts: await brokerPorts(broker.address), modelUrl: undefined, plant: undefined });
  try {
    const old = await Promise.all(Array.from({ length: workers }, () => fleet.start()));
    await Promise.all(old.map((worker) => worker.ready()));
    const windows: Window[] = [];
    const isOver = new AbortController();
    const load = produceLoad(
      broker.address,
      input,
      { seed: 1, events: rate * 600, forMs: 600_000, signal: isOver.signal },
      () => partitions,
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    for (const worker of old) {
      const from = now();
      await fleet.terminate(worker);
      await (await fleet.start()).ready();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      windows.push({ from, to: now() });
    }
    isOver.abort();
    await load;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await fleet.terminateAll(false);
    const stamps = (await readTopics(broker.address, [out])).map(({ value }) => Stamp.parse(JSON.parse(value)));
    process.stdout.write(`${JSON.stringify({ workers, partitions, eventsPerSecond: rate, ...figures(stamps, windows, partitions) })}\n`);
  } finally {
    await fleet.close();
    await broker.close();
  }
}

function figures(stamps: readonly Stamp[], windows: readonly Window[], partitions: number): Record<string, unknown> {
  const pauses: number[] = [];
  let moves = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const calls = stamps.filter((stamp) => stamp.partition === partition).sort((a, b) => a.from - b.from);
    for (const [index, { by }] of calls.entries()) if (index > 0 && calls[index - 1]?.by !== by) moves++;
    for (const { from, to } of windows) {
      const gaps = calls.flatMap((call, index) => {
        const next = calls[index + 1];
        return next === undefined || next.from < from || call.from > to ? [] : [(next.from - call.from) / 1_000];
      });
      pauses.push(Math.max(0, ...gaps));
    }
  }
  pauses.sort((a, b) => a - b);
  const at = (share: number) => Math.round(pauses[Math.min(pauses.length - 1, Math.floor(pauses.length * share))] ?? 0);
  return {
    restarts: windows.length,
    moves,
    movesPerRestart: moves / windows.length,
    pauseMs: { p50: at(0.5), p90: at(0.9), max: at(1) },
    events: stamps.length,
  };
}

endOnSignals();
await main();
