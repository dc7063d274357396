import { StreamerError } from '../../errors.ts';
import type { Subscription } from '../../kafka/index.ts';
import { within } from '../../timing/index.ts';
import type { Task } from '../task/task.ts';
import type { MembershipParts } from './membership-parts.ts';
import { Session } from './session.ts';

/** Longest wait for the end of the membership: a broker that hangs does not answer. */
const LEAVE_MS = 5_000;

/** A worker's place in its consumer group, over all its subscriptions: the topics may change while it runs. */
export class Membership {
  readonly #parts: MembershipParts;
  #session: Session | undefined;
  #subscription: Subscription | undefined;
  /** Events given up by sessions that have ended. */
  #abandoned = 0;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  get tasks(): readonly Task[] {
    return this.#session?.assignment.tasks ?? [];
  }

  /** Events that were given up unfinished so far. */
  get abandonedEvents(): number {
    return this.#abandoned + (this.#session?.abandonedEvents ?? 0);
  }

  /** Epoch milliseconds of the last answer of a broker, once that is longer ago than a session lasts. */
  get silentSince(): number | undefined {
    return this.#subscription?.silentSince;
  }

  async join(topics: readonly string[]): Promise<void> {
    const { settings, client, groupId, closing, coPartitioned, stateful } = this.#parts;
    const { sessionTimeoutMs, heartbeatIntervalMs, drainTimeoutMs, metadataMaxAgeMs, fetchWaitMs: maxWaitMs } = settings;
    const timing = { sessionTimeoutMs, heartbeatIntervalMs, drainTimeoutMs, metadataMaxAgeMs, maxWaitMs };
    const subscription = await client.subscribe(
      { groupId, topics, coPartitioned, start: 'earliest', stateful: stateful?.member, ...timing },
      (own) => {
        this.#session = new Session(own, topics, this.#parts);
        return this.#session;
      },
    );
    // Stopped meanwhile: nobody else would close it.
    if (closing.aborted) return subscription.close();
    this.#subscription = subscription;
    this.#session?.start();
  }

  /** Reads other topics from now on, as a new member. */
  async rejoin(topics: readonly string[]): Promise<void> {
    this.stopTimers();
    await this.#subscription?.close();
    this.#subscription = undefined;
    this.#session?.close(new StreamerError('LOST', 'the worker subscribes again, to other topics'));
    this.#abandoned = this.abandonedEvents;
    this.#session = undefined;
    await this.join(topics);
  }

  /** From now on nothing happens by the clock: no commits, no warnings. */
  stopTimers(): void {
    this.#session?.stopTimers();
  }

  /** Finishes and commits what is in flight, within the time. Returns false if it could not be committed. */
  async drain(deadlineMs: number): Promise<boolean> {
    const session = this.#session;
    if (session === undefined) return true;
    const partitions = session.assignment.tasks.flatMap(({ inputs }) => inputs.map(({ partition }) => partition));
    return session.giveUp(partitions, session.assignment.epoch, deadlineMs);
  }

  /** Abandons what is still in flight. */
  async leave(): Promise<void> {
    this.#session?.close(new StreamerError('LOST', 'the worker is stopping'));
    await within(this.#subscription?.close() ?? Promise.resolve(), LEAVE_MS, this.#parts.giveUp);
    await within(this.#parts.stateful?.close() ?? Promise.resolve(), LEAVE_MS, this.#parts.giveUp);
  }
}
