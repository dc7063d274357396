import type { Behaviour } from './behaviour.ts';
import { handlerBehaviour } from './each.ts';

/** Hands every event on as it is: key, value, timestamp, headers, and tombstones always. */
export function forward<K, V>(): Behaviour<K, V, V> {
  return handlerBehaviour<K, V, V>('forward', (value) => value, { tombstones: true });
}
