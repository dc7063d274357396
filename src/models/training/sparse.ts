import type { TableOfNumbers } from './data.ts';

/** The numbers of a table without its zeros: those of row `r` from `starts[r]` to `starts[r + 1]`. One-hot rows are mostly zeros. */
export interface SparseRows {
  readonly width: number;
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

export function sparseOf({ numbers, columns: { length: width }, rows }: TableOfNumbers): SparseRows {
  let count = 0;
  for (let at = 0; at < numbers.length; at++) if (numbers[at] !== 0) count++;
  const starts = new Int32Array(rows + 1);
  const columns = new Int32Array(count);
  const values = new Float64Array(count);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const value = numbers[row * width + column] ?? 0;
      if (value === 0) continue;
      columns[next] = column;
      values[next++] = value;
    }
    starts[row + 1] = next;
  }
  return { width, starts, columns, values };
}
