import type { Serde } from '../topics/index.ts';

/** A table as the runtime and the tools see it, types erased. */
export interface DeclaredTable {
  readonly name: string;
  /** Name of its changelog topic. */
  readonly changelog: string;
  readonly serdes: { readonly key: Serde<never, unknown>; readonly value: Serde<never, unknown> };
  /** Keeps its keys in order. */
  readonly isOrdered: boolean;
}
