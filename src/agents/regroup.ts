import type { KeyOf, Rekeyed } from '../topics/index.ts';
import type { Behaviour } from './behaviour.ts';
import { handlerBehaviour } from './each.ts';

/** Hands the bytes of every event on, with its new key. */
export function regroup(keyOf: KeyOf): Behaviour<unknown, unknown, Rekeyed> {
  return handlerBehaviour('groupBy', (value, event, origin) => ({ key: keyOf(value, event), value: origin.value }));
}
