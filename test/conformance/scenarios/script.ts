import { setTimeout as pause } from 'node:timers/promises';
import type { Api } from '../../../src/wire/api.ts';
import { findCoordinator } from '../../../src/wire/apis/group.ts';
import type { Decoded, Draft, Fields } from '../../../src/wire/field.ts';
import { unique } from '../../helpers/broker.ts';
import { errorCodes, Wire } from '../../helpers/wire.ts';
import { describeBatches } from './batch-text.ts';

/** What was asked and answered, with names that are the same on every broker and in every run. */
export interface Step {
  readonly ask: string;
  readonly answer: unknown;
}

const GROUP_KEY = 0;
const TRANSACTION_KEY = 1;
/** The broker is not there yet: not an answer to what was asked. Kafka says so while it makes its internal topics. */
const NOT_YET = [14, 15, 16];
/** Tagged fields for followers, and for clients of a leader that has moved; ids, which each broker chooses. */
const LEFT_OUT = ['currentLeader', 'divergingEpoch', 'snapshotId', 'topicId'];
const PATIENCE_MS = 40_000;

/** What is written next is later than what has been written: which record has the largest timestamp is part of the answers. */
async function nextMillisecond(): Promise<void> {
  for (const now = Date.now(); Date.now() <= now; ) await pause(1);
}

/**
 * One scripted conversation with a broker. Answers are written down whole but for what cannot be the same on two brokers:
 * ids that they choose (written as P1, M1, ... in order of appearance), throttle times, times of day, texts of errors.
 */
export class Script {
  readonly steps: Step[] = [];
  readonly #wires: Wire[] = [];
  readonly #byRole = new Map<string, Wire>();
  readonly #names = new Map<unknown, string>();
  readonly #counts = new Map<string, number>();

  /** A name of its own, written down as `label`. */
  name(label: string): string {
    const name = unique(label);
    this.#names.set(name, label);
    return name;
  }

  /** As `name`, for names that are made elsewhere. */
  call(value: unknown, label: string): void {
    this.#names.set(value, label);
  }

  /** Asks, and writes the answer down. */
  async ask<Q extends Fields, S extends Fields>(
    to: Wire,
    what: string,
    api: Api<Q, S>,
    version: number,
    request: Draft<Q>,
  ): Promise<Decoded<S>> {
    const answer = await to.send(api, version, request);
    this.#write(`${what}: ${api.name} v${version}`, api, version, answer);
    await nextMillisecond();
    return answer;
  }

  /** Asks until the answer carries none of these errors, and writes the last one down. */
  async askUntil<Q extends Fields, S extends Fields>(
    to: Wire,
    what: string,
    api: Api<Q, S>,
    version: number,
    request: () => Draft<Q>,
    passing: readonly number[],
  ): Promise<Decoded<S>> {
    for (const deadline = Date.now() + PATIENCE_MS; ; await pause(20)) {
      const answer = await to.send(api, version, request());
      if (errorCodes(answer).some((code) => passing.includes(code) || NOT_YET.includes(code)) && Date.now() < deadline) continue;
      this.#write(`${what}: ${api.name} v${version}, in the end`, api, version, answer);
      await nextMillisecond();
      return answer;
    }
  }

  toTransactions(id: string): Promise<Wire> {
    return this.#coordinator(id, TRANSACTION_KEY);
  }

  toGroup(id: string): Promise<Wire> {
    return this.#coordinator(id, GROUP_KEY);
  }

  async toLeader(topic: string): Promise<Wire> {
    return this.#remember(`leader ${topic}`, () => Wire.toLeader(topic));
  }

  close(): void {
    for (const wire of this.#wires) wire.close();
  }

  #coordinator(key: string, keyType: number): Promise<Wire> {
    return this.#remember(`${keyType} ${key}`, async () => {
      const any = await Wire.connect();
      for (const deadline = Date.now() + PATIENCE_MS; ; await pause(50)) {
        const { errorCode, host, port } = await any.send(findCoordinator, 2, { key, keyType });
        if (errorCode === 0) {
          any.close();
          return Wire.connect(`${host}:${port}`);
        }
        if (!NOT_YET.includes(errorCode) || Date.now() > deadline) throw new Error(`${key} has no coordinator: error ${errorCode}`);
      }
    });
  }

  async #remember(role: string, connect: () => Promise<Wire>): Promise<Wire> {
    const known = this.#byRole.get(role);
    if (known !== undefined) return known;
    const wire = await connect();
    this.#wires.push(wire);
    this.#byRole.set(role, wire);
    return wire;
  }

  #write(ask: string, api: Api, version: number, answer: unknown): void {
    const fields = Object.fromEntries(
      Object.entries(answer as object).filter(([name]) => {
        const field = api.response[name];
        return field !== undefined && field.since <= version && version <= field.until;
      }),
    );
    this.steps.push({ ask, answer: this.#plain(fields) });
  }

  #plain(value: unknown, field = ''): unknown {
    if (field === 'records') return describeBatches((value as readonly Buffer[] | null) ?? [], (id) => this.#chosen('P', id));
    if (field === 'producerId') return this.#chosen('P', value as number);
    if (field === 'coordinatorEpoch') return (value as number) >= 0 ? 'an epoch' : value;
    if (field === 'memberId' && value !== '') return this.#names.get(value) ?? this.#chosen('M', value as string);
    if (field.endsWith('TimeMs') || field.toLowerCase().endsWith('timestamp')) return (value as number) > 0 ? 'a time' : value;
    if (typeof value === 'string') return this.#names.get(value) ?? value;
    if (Array.isArray(value)) return inOrder(value).map((one) => this.#plain(one));
    if (typeof value !== 'object' || value === null || value instanceof Buffer) return value;
    // Of a failure there is no producer: what stands there is no id.
    const isFailure = 'errorCode' in value && value.errorCode !== 0;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, inner]) => {
        if (name === 'throttleTimeMs' || LEFT_OUT.includes(name) || (isFailure && name === 'errorMessage')) return [];
        return [[name, isFailure && name === 'producerId' ? inner : this.#plain(inner, name)]];
      }),
    );
  }

  #chosen(letter: string, value: number | string): string | number {
    if (value === -1) return -1;
    const key = `${letter} ${value}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(letter) ?? 0) + 1;
    this.#counts.set(letter, count);
    this.#names.set(key, `${letter}${count}`);
    return `${letter}${count}`;
  }
}

/** The order of topics and partitions in an answer says nothing. */
function inOrder(list: readonly unknown[]): readonly unknown[] {
  if (list.every((one) => typeof one === 'number')) return list.toSorted((a, b) => a - b);
  if (list.every(hasIndex)) return list.toSorted((a, b) => a.index - b.index);
  return list.every(hasName) ? list.toSorted((a, b) => a.name.localeCompare(b.name)) : list;
}

function hasIndex(one: unknown): one is { index: number } {
  return typeof one === 'object' && one !== null && 'index' in one;
}

function hasName(one: unknown): one is { name: string } {
  return typeof one === 'object' && one !== null && 'name' in one;
}
