import { aFunction, checkValue } from '../options/index.ts';
import { isThenable } from '../timing/index.ts';
import type { Event } from '../topics/index.ts';
import type { Behaviour } from './behaviour.ts';
import { handlerBehaviour } from './each.ts';

/** Hands on the events for which the predicate says yes, unchanged; the others are finished without output. */
export function filter<K, V>(predicate: (value: V, event: Event<K, V>) => boolean | PromiseLike<boolean>): Behaviour<K, V, V> {
  checkValue('filter', aFunction, predicate);
  return handlerBehaviour<K, V, V>('filter', (value, event) => {
    const answer = predicate(value, event);
    if (isThenable(answer)) return Promise.resolve(answer).then((isWanted) => (isWanted ? value : undefined));
    return answer ? value : undefined;
  });
}
