import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTopics } from '../../../src/wire/apis/admin.ts';
import { Wire } from '../../helpers/wire.ts';
import { BrokerProcess, freePort } from './broker-process.ts';
import { Load } from './load.ts';
import { LogCheck } from './log-check.ts';
import { SmallState } from './small-state.ts';

const TOPIC = 'numbers';
const PARTITIONS = 2;

export interface KillOptions {
  readonly rounds: number;
  readonly durability: 'os' | 'fsync';
  /** 0 to 1. */
  readonly random: () => number;
  readonly onRound?: (round: number, figures: KillFigures) => void;
}

export interface KillFigures {
  readonly rounds: number;
  readonly killedWhileStarting: number;
  readonly records: number;
  readonly commits: number;
  readonly topicsMade: number;
  /** Of what a killed broker had written in part. */
  readonly cuts: number;
  readonly slowestStartMs: number;
  readonly seconds: number;
}

/**
 * Kills a broker with SIGKILL while idempotent producers, commits and topic changes are under way, starts it on the same
 * folder and port, and checks each time that all that was acknowledged is there, once and in order.
 *
 * @throws Error that says what is missing or was not sent
 */
export async function killRounds(options: KillOptions): Promise<KillFigures> {
  const data = mkdtempSync(join(tmpdir(), 'streamer-kill-'));
  try {
    return await new KillRun(options, { data, port: await freePort(), durability: options.durability }).run();
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** Where a killed broker starts again. */
interface BrokerHome {
  readonly data: string;
  readonly port: number;
  readonly durability: 'os' | 'fsync';
}

class KillRun {
  readonly #options: KillOptions;
  readonly #folder: BrokerHome;
  readonly #load: Load;
  readonly #log: LogCheck;
  readonly #state: SmallState;
  readonly #address: string;
  readonly #began = Date.now();
  #broker: BrokerProcess | undefined;
  #round = 0;
  #killedWhileStarting = 0;
  #cuts = 0;
  #slowestStartMs = 0;

  constructor(options: KillOptions, folder: BrokerHome) {
    this.#options = options;
    this.#folder = folder;
    this.#address = `127.0.0.1:${folder.port}`;
    this.#load = new Load(this.#address, TOPIC, PARTITIONS);
    this.#log = new LogCheck(this.#address, TOPIC, this.#load.streams);
    this.#state = new SmallState(this.#address, TOPIC);
  }

  async run(): Promise<KillFigures> {
    try {
      await this.#start();
      await this.#makeTopic();
      this.#load.start();
      this.#load.failed.catch(() => {});
      for (this.#round = 1; this.#round <= this.#options.rounds; this.#round++) {
        await Promise.race([this.#once(), this.#load.failed]);
        this.#options.onRound?.(this.#round, this.#figures());
      }
      await Promise.race([this.#load.stop(), this.#load.failed]);
      await this.#check();
      await this.#broker?.stop();
      await this.#start();
      await this.#check();
      return this.#figures();
    } finally {
      await this.#broker?.kill();
    }
  }

  async #once(): Promise<void> {
    const { random } = this.#options;
    const changes = this.#state.run();
    await pause(50 + random() * 250);
    await this.#broker?.kill();
    await changes;
    this.#count();
    if (random() < 0.2) await this.#killWhileStarting(random() * 150);
    await this.#start();
    await this.#check();
  }

  async #killWhileStarting(afterMs: number): Promise<void> {
    this.#broker = new BrokerProcess(this.#folder);
    await pause(afterMs);
    await this.#broker.kill();
    this.#count();
    this.#killedWhileStarting += 1;
  }

  async #start(): Promise<void> {
    const began = Date.now();
    this.#broker = new BrokerProcess(this.#folder);
    await this.#broker.ready;
    this.#slowestStartMs = Math.max(this.#slowestStartMs, Date.now() - began);
  }

  async #check(): Promise<void> {
    try {
      await this.#state.check();
      await this.#log.run();
    } catch (error) {
      throw new Error(`round ${this.#round}: ${(error as Error).message}\n${this.#broker?.stderr ?? ''}`, { cause: error });
    }
  }

  #count(): void {
    this.#cuts += this.#broker?.stderr.match(/: cut \d+ bytes/g)?.length ?? 0;
  }

  /** Small segments, so that many are made. */
  async #makeTopic(): Promise<void> {
    const wire = await Wire.connect(this.#address);
    const configs = [
      { name: 'segment.bytes', value: '32768' },
      { name: 'retention.bytes', value: '-1' },
    ];
    const topic = { name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs };
    const { topics } = await wire.send(createTopics, 2, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    wire.close();
    if (topics[0]?.errorCode !== 0) throw new Error(`topic ${TOPIC}: error ${topics[0]?.errorCode}`);
  }

  #figures(): KillFigures {
    return {
      rounds: Math.min(this.#round, this.#options.rounds),
      killedWhileStarting: this.#killedWhileStarting,
      records: this.#log.recordsSeen,
      commits: this.#state.commits,
      topicsMade: this.#state.topicsMade,
      cuts: this.#cuts,
      slowestStartMs: this.#slowestStartMs,
      seconds: Math.round((Date.now() - this.#began) / 1000),
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
