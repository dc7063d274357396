import { VERSION_HEADER } from '../../models/version-header.ts';
import { isUnavailable } from '../../outage.ts';
import type { Event } from '../../topics/index.ts';
import type { Delivery, OutputHeaders } from '../behaviour.ts';
import type { Entry } from './batch.ts';
import type { Outcome } from './outcome.ts';

/** What is known of a batch when its calls have ended. */
export interface Answered<K, V, Row, Answer, Out> {
  readonly entries: readonly Entry<K, V, Row, Out>[];
  readonly outcomes: ReadonlyMap<Entry<K, V, Row, Out>, Outcome<Answer>>;
  readonly result: (value: V, answer: Answer, event: Event<K, V>) => Out;
  /** The partition is lost: every event is given back. */
  readonly isLost: boolean;
  /** The call of a half-open breaker was cut short. */
  readonly isTrialCut: boolean;
}

/**
 * Settles every event of a batch once, in the order of delivery. After a failure, later events of the same run are given back, and so are
 * events that could not be asked: they come again when the breaker lets them.
 */
export function settle<K, V, Row, Answer, Out>(answered: Answered<K, V, Row, Answer, Out>): void {
  const { entries, outcomes, isLost, isTrialCut, result } = answered;
  const endedRuns = new Set<unknown>();
  for (const entry of entries) {
    const { delivery } = entry;
    const outcome = outcomes.get(entry);
    if (entry.isSettled || outcome === undefined) {
      endedRuns.add(delivery.run);
      continue;
    }
    if (isLost || endedRuns.has(delivery.run)) {
      delivery.release();
      continue;
    }
    const failed = published(delivery, outcome, result);
    if (failed === undefined) {
      delivery.done();
      continue;
    }
    endedRuns.add(delivery.run);
    const wasAsked = !('error' in entry.question) && 'error' in outcome;
    if (wasAsked && (isTrialCut || isUnavailable(failed.cause))) delivery.release();
    else delivery.fail(failed.cause);
  }
}

/** Publishes the answer of an event. Returns the reason when there is none, or it cannot be published. */
function published<K, V, Answer, Out>(
  delivery: Delivery<K, V, Out>,
  outcome: Outcome<Answer>,
  result: (value: V, answer: Answer, event: Event<K, V>) => Out,
): { readonly cause: unknown } | undefined {
  if ('error' in outcome) return { cause: outcome.error };
  const { event } = delivery;
  try {
    delivery.within(() => delivery.emit(result(event.value, outcome.answer, event), versionHeader(event, outcome.version)));
    return undefined;
  } catch (cause) {
    return { cause };
  }
}

/** Returns the header with the version that answered; a header of an earlier model is removed where the version is not known. */
function versionHeader({ headers }: Event<unknown, unknown>, version: string | undefined): OutputHeaders | undefined {
  if (version !== undefined) return { [VERSION_HEADER]: version };
  return VERSION_HEADER in headers ? { [VERSION_HEADER]: null } : undefined;
}
