import type { BestSplit } from './best-split.ts';

/** A tree as lists by node; node 0 is the root, and a leaf has no left child (-1). */
export class GrownTree {
  readonly left: number[] = [];
  readonly right: number[] = [];
  readonly parent: number[] = [];
  readonly column: number[] = [];
  /** Of a leaf: its value, with the learning rate. */
  readonly threshold: number[] = [];
  readonly isMissingLeft: boolean[] = [];
  /** The value of the node as a leaf, without the learning rate. */
  readonly weight: number[] = [];
  readonly gain: number[] = [];
  /** Sum of second derivatives. */
  readonly cover: number[] = [];

  add(parent: number, weight: number, cover: number): number {
    this.parent.push(parent);
    this.weight.push(weight);
    this.cover.push(cover);
    this.left.push(-1);
    this.right.push(-1);
    this.column.push(0);
    this.threshold.push(0);
    this.isMissingLeft.push(false);
    this.gain.push(0);
    return this.left.length - 1;
  }

  split(node: number, left: number, right: number, { column, threshold, isMissingLeft, gain }: BestSplit): void {
    this.left[node] = left;
    this.right[node] = right;
    this.column[node] = column.column;
    this.threshold[node] = threshold;
    this.isMissingLeft[node] = isMissingLeft;
    this.gain[node] = gain;
  }

  /** Sets the value of a leaf, and returns it. */
  settle(node: number, learningRate: number): number {
    const value = Math.fround((this.weight[node] ?? 0) * learningRate) + 0;
    this.threshold[node] = value;
    return value;
  }

  /** Returns the value of the leaf that a row reaches. @param at the start of the row */
  valueOf(numbers: Float32Array, at: number): number {
    let node = 0;
    for (let next = this.left[0] ?? 0; next >= 0; next = this.left[node] ?? 0) {
      const x = numbers[at + (this.column[node] ?? 0)] ?? 0;
      const isLeft = Number.isNaN(x) ? this.isMissingLeft[node] : x < (this.threshold[node] ?? 0);
      node = isLeft ? next : (this.right[node] ?? 0);
    }
    return this.threshold[node] ?? 0;
  }
}
