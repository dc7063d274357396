const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The bits of float32 numbers, eight hexadecimal digits each. */
export function hexOf(values: Iterable<number>): string {
  return Array.from(values, (value) => {
    float[0] = value;
    return (bits[0] as number).toString(16).padStart(8, '0');
  }).join('');
}

export function floatsOf(hex: string): Float32Array {
  const words = hex.match(/.{8}/g) ?? [];
  return new Float32Array(Uint32Array.from(words, (word) => Number.parseInt(word, 16)).buffer);
}

/** How many float32 numbers lie between two: the largest such distance of two lists. */
export function ulps(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    if (Number.isNaN(a[i]) && Number.isNaN(b[i])) continue;
    most = Math.max(most, Math.abs(rank(a[i] as number) - rank(b[i] as number)));
  }
  return most;
}

function rank(value: number): number {
  float[0] = value;
  const word = bits[0] as number;
  return word >= 0x8000_0000 ? -(word - 0x8000_0000) : word;
}
