import { ConfigError } from '../../errors.ts';

const SIZE = 624;
const SHIFT = 397;

/**
 * The generator MT19937 (Matsumoto and Nishimura 1998), seeded and read as numpy's `RandomState` does, so that splits made by
 * scikit-learn can be repeated here.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** @param seed a whole number from 0 to 2^32 - 1 */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
      throw new ConfigError(`seed must be a whole number of 0 to 4294967295, got ${seed}`);
    this.#state[0] = seed;
    for (let i = 1; i < SIZE; i++) {
      const last = this.#state[i - 1] ?? 0;
      this.#state[i] = Math.imul(1_812_433_253, last ^ (last >>> 30)) + i;
    }
  }

  /** 32 random bits. */
  bits(): number {
    if (this.#next === SIZE) this.#refill();
    let y = this.#state[this.#next++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c_5680;
    y ^= (y << 15) & 0xefc6_0000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A whole number from 0 to `most`, which is below 2^32. */
  wholeUpTo(most: number): number {
    if (most === 0) return 0;
    const mask = 0xffff_ffff >>> Math.clz32(most);
    for (;;) {
      const value = (this.bits() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  /** At least 0 and below 1, with 53 random bits. */
  real(): number {
    const high = this.bits() >>> 5;
    return (high * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const mixed = ((state[i] ?? 0) & 0x8000_0000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fff_ffff);
      state[i] = (state[(i + SHIFT) % SIZE] ?? 0) ^ (mixed >>> 1) ^ ((mixed & 1) * 0x9908_b0df);
    }
    this.#next = 0;
  }
}
