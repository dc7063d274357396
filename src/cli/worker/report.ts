import { getLogger } from '@logtape/logtape';
import type { App } from '../../app.ts';
import type { Settings } from '../../config/index.ts';
import { describeError } from '../../errors.ts';
import { count, duration, printable, rate } from '../../observe/index.ts';
import type { StopResult, Worker, WorkerEvents } from '../../runtime/index.ts';
import type { Output } from '../output.ts';
import { terminal } from '../terminal.ts';
import { Pace } from './pace.ts';
import { listOf, perTopic, placeOf } from './partitions.ts';
import { RetryLog } from './retry-log.ts';
import { stateText } from './state-text.ts';

const log = getLogger(['streamer', 'cli']);
const TERMINAL_MS = 500;
const PIPED_MS = 3_000;
const JSON_MS = 1_000;

type Listeners = { readonly [E in keyof WorkerEvents]?: (...args: WorkerEvents[E]) => void };

/** Reports what a worker does: for people a line of counts that is rewritten in place, for programs an object per event. */
export class WorkerReport {
  readonly #worker: Worker;
  readonly #output: Output;
  readonly #pace = new Pace();
  readonly #timer: NodeJS.Timeout;
  readonly #listeners: Listeners;
  readonly #retries = new RetryLog(log);
  #last = '';

  constructor(app: App, worker: Worker, settings: Settings, output: Output) {
    this.#worker = worker;
    this.#output = output;
    this.#listeners = output.json ? this.#forPrograms() : this.#forPeople();
    for (const [event, listener] of Object.entries(this.#listeners)) worker.on(event as keyof WorkerEvents, listener as never);
    this.#ready(app, settings);
    this.#timer = setInterval(() => this.#progress(), output.json ? JSON_MS : this.#inPlace ? TERMINAL_MS : PIPED_MS);
  }

  stopped(result: StopResult & { readonly ms: number }): void {
    clearInterval(this.#timer);
    this.#totals();
    const { drained, abandoned, committed, ms } = result;
    const left = abandoned === 0 ? '' : `, gave up ${count(abandoned)} that are processed again at the next start`;
    const done = committed
      ? `drained ${count(drained)} events${left}, committed`
      : `could not commit: the partitions were lost before, and unfinished events are processed again${left}`;
    this.#line(`${done}, left the group in ${duration(ms)}`);
    this.#output.data({ event: 'stopped', drained, abandoned, committed, stopMs: Math.round(ms) });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#retries.close();
    terminal.bottom = '';
    for (const [event, listener] of Object.entries(this.#listeners)) this.#worker.off(event as keyof WorkerEvents, listener as never);
  }

  get #inPlace(): boolean {
    return process.stdout.isTTY === true && !this.#output.json;
  }

  #ready(app: App, settings: Settings): void {
    const { assigned, sources } = this.#worker.stats();
    // Time since the process began, its own loading included.
    const readyMs = Math.round(performance.now());
    const { id, version } = app;
    this.#output.data({ event: 'ready', app: id, version, group: id, brokers: settings.brokers, pid: process.pid, readyMs });
    if (assigned.length > 0) this.#output.data({ event: 'assigned', ...listOf(assigned) });
    const what = assigned.length > 0 ? `assigned ${perTopic(assigned)}` : 'no partitions yet: the other workers of the group have them';
    this.#line(`${what}  ready in ${duration(readyMs)}`);
    // They may have begun before anybody listened.
    for (const [source, state] of Object.entries(sources)) this.#listeners.source?.({ source, ...state });
  }

  /** Assignments are lines of the transcript; failures are lines of the log. */
  #forPeople(): Listeners {
    return {
      assigned: ({ partitions }) => partitions.length > 0 && this.#line(`assigned ${perTopic(partitions)}`),
      revoked: ({ partitions, lost }) => {
        if (partitions.length > 0 && this.#worker.state !== 'draining') this.#line(`${lost ? 'lost' : 'revoked'} ${perTopic(partitions)}`);
      },
      deadLetter: ({ error, ...where }) => log.warning('dead letter of {place}: {error}', { place: placeOf(where), error }),
      skipped: ({ error, ...where }) => log.warning('skipped {place}: {error}', { place: placeOf(where), error }),
      retry: (failed) => this.#retries.add(failed),
      waiting: ({ agent, error }) => log.warning('agent "{agent}" waits: {error}', { agent, error }),
      resumed: ({ agent, waitedMs }) => log.info('agent "{agent}" continues after {waited}', { agent, waited: duration(waitedMs) }),
      warning: ({ error }) => log.warning('{error}', { error }),
      source: this.#sourceLine(),
    };
  }

  /** Prints a line at each change of phase. The progress of a snapshot changes too often for that. */
  #sourceLine(): NonNullable<Listeners['source']> {
    const phases = new Map<string, string>();
    return ({ source, phase, detail }) => {
      if (phases.get(source) === phase && phase !== 'failing') return;
      phases.set(source, phase);
      if (phase !== 'failing') this.#line(`source ${source} ${phase}${detail === '' ? '' : `: ${detail}`}`);
    };
  }

  #forPrograms(): Listeners {
    const print = (event: string, fields: object) => this.#output.data({ event, ...fields });
    return {
      assigned: ({ partitions, epoch }) => print('assigned', { ...listOf(partitions), epoch }),
      revoked: ({ partitions, lost }) => print('revoked', { ...listOf(partitions), lost }),
      deadLetter: ({ error, ...where }) => print('deadLetter', { ...where, error: describeError(error) }),
      retry: ({ error, ...where }) => print('retry', { ...where, error: describeError(error) }),
      skipped: ({ error, ...where }) => print('skipped', { ...where, error: describeError(error) }),
      waiting: ({ agent, error }) => print('waiting', { agent, error: describeError(error) }),
      resumed: (fields) => print('resumed', fields),
      warning: ({ error }) => print('warning', { error: describeError(error) }),
      stalled: (fields) => print('stalled', fields),
      blocked: (fields) => print('blocked', fields),
      disconnected: (fields) => print('disconnected', fields),
      connected: (fields) => print('connected', fields),
      source: (fields) => print('source', fields),
      restoring: (fields) => print('restoring', fields),
      restored: (fields) => print('restored', fields),
      aborted: ({ outcome, error }) => print('aborted', { outcome, error: describeError(error) }),
    };
  }

  #progress(): void {
    const { events, lag, deadLettered, tombstonesSkipped, agents, sources, state } = this.#worker.stats();
    const perSecond = this.#pace.after(events);
    const waiting = Object.entries(agents).filter(([, agent]) => agent.waitingSince !== undefined);
    const line = `  ${count(events)} events  ${rate(perSecond)}  lag ${count(lag)}  failed ${count(deadLettered)}${stateText(state)}${waitingText(waiting.map(([name]) => name))}`;
    if (this.#inPlace) terminal.bottom = printable(line);
    const key = JSON.stringify([events, lag, deadLettered, waiting.length, sources, state?.tables, state?.restore?.offsets]);
    if (key === this.#last) return;
    this.#last = key;
    if (!this.#inPlace) this.#line(line);
    const pace = { perSecond: Math.round(perSecond * 10) / 10, lag };
    this.#output.data({ event: 'progress', events, ...pace, deadLettered, tombstonesSkipped, agents, sources, ...(state && { state }) });
  }

  /** Prints the last counts, without pace and lag: they are those of partitions that are no longer assigned. */
  #totals(): void {
    const { events, deadLettered, tombstonesSkipped, agents, state } = this.#worker.stats();
    terminal.bottom = '';
    this.#line(`  ${count(events)} events  failed ${count(deadLettered)}`);
    this.#output.data({
      event: 'progress',
      events,
      deadLettered,
      tombstonesSkipped,
      agents,
      ...(state && { state: { commits: state.commits } }),
    });
  }

  #line(text: string): void {
    if (this.#output.json) return;
    terminal.write(process.stdout, `${printable(text)}\n`);
  }
}

function waitingText(agents: readonly string[]): string {
  return agents.length === 0 ? '' : `  waiting: ${agents.join(', ')}`;
}
