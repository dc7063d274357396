import type { Serde } from '../topics/index.ts';

/** A table as the runtime and the tools see it, types erased. */
export interface DeclaredTable {
  readonly name: string;
  /** Name of its changelog topic. */
  readonly changelog: string;
  readonly serdes: { readonly key: Serde<never, unknown>; readonly value: Serde<never, unknown> };
  /** Keeps its keys in order. */
  readonly isOrdered: boolean;
  /** Largest record that its changelog takes, in bytes; the worker sets it at its start. @default 1,048,588, as brokers have it */
  recordBytes?: number | undefined;
  /**
   * Called for the key and the value of each entry that is restored: resolves when the serdes answer at once for them, undefined when
   * they do now. Undefined where the serdes always do.
   */
  readonly ready?: ((key: Buffer, value: Buffer) => Promise<void> | undefined) | undefined;
}
