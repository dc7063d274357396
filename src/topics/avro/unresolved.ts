import type { AvroResolver } from './library.ts';

/** What a resolver is while it is made. */
export type Resolving = { _read: AvroResolver['_read'] | null };

/** A record has a part that its writer's schema allows and the reader's has no place for. */
export class Unresolved extends Error {
  override name = 'Unresolved';
}
