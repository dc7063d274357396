import { ConfigError } from '../../errors.ts';
import { type BestSplit, SplitFinder, type Sums } from './best-split.ts';
import type { Bins } from './bins.ts';
import { GrownTree } from './grown-tree.ts';
import type { Sample } from './sample.ts';

const { fround } = Math;

export interface GrowSettings {
  readonly learningRate: number;
  readonly lambda: number;
  readonly minChildWeight: number;
  readonly gamma: number;
  /** 0: no limit */
  readonly maxDepth: number;
  /** 0: no limit */
  readonly maxLeaves: number;
}

/** A node and its rows in the sample, which lie side by side. */
interface Place {
  readonly node: number;
  readonly depth: number;
  readonly begin: number;
  readonly end: number;
  readonly sums: Sums;
}

/** A node that will be split. */
interface Open extends Place {
  readonly histogram: Float64Array;
  readonly split: BestSplit;
}

/** Smaller gains are noise; the library's own bound. */
const LEAST_GAIN = 1e-6;
const MOST_BYTES = 2 ** 30;

/** Grows the trees of one training, one at a time. */
export class TreeGrower {
  readonly #bins: Bins;
  readonly #settings: GrowSettings;
  readonly #spare: Float64Array[] = [];

  /** @throws ConfigError when the histograms of a tree would exceed 1 GiB */
  constructor(bins: Bins, settings: GrowSettings) {
    const open = settings.maxLeaves > 0 ? settings.maxLeaves : settings.maxDepth + 1;
    if (open * bins.slots * 16 > MOST_BYTES)
      throw new ConfigError(`the columns have ${bins.slots} different values together, too many for the histograms of such trees`, {
        next: 'Give a smaller number of bins, or fewer leaves.',
      });
    this.#bins = bins;
    this.#settings = { ...settings, lambda: fround(settings.lambda), learningRate: fround(settings.learningRate) };
  }

  /**
   * @param isAllowed by column: 1 where it may be split on
   * @param margins the value of each row's leaf is added
   */
  grow(sample: Sample, isAllowed: Uint8Array, margins: Float32Array): GrownTree {
    return new Growth(this.#bins, this.#settings, this.#spare, sample, isAllowed).run(margins);
  }
}

class Growth {
  readonly #tree = new GrownTree();
  readonly #bins: Bins;
  readonly #settings: GrowSettings;
  /** Histograms that are not in use. */
  readonly #spare: Float64Array[];
  readonly #sample: Sample;
  readonly #isAllowed: Uint8Array;
  readonly #finder: SplitFinder;
  readonly #open: Open[] = [];
  readonly #leaves: Place[] = [];

  constructor(bins: Bins, settings: GrowSettings, spare: Float64Array[], sample: Sample, isAllowed: Uint8Array) {
    this.#bins = bins;
    this.#settings = settings;
    this.#spare = spare;
    this.#sample = sample;
    this.#isAllowed = isAllowed;
    const { firstUnit, secondUnit } = sample;
    this.#finder = new SplitFinder(bins, { ...settings, firstUnit, secondUnit, isAllowed });
  }

  run(margins: Float32Array): GrownTree {
    const root = this.#placeOf(-1, 0, 0, this.#sample.rows.length, this.#sample.sums());
    if (this.#maySplit(root)) this.#look(root, this.#count(root));
    else this.#leaves.push(root);
    for (let open = this.#next(); open !== undefined; open = this.#next()) this.#split(open);
    for (const leaf of this.#leaves) this.#settle(leaf, margins);
    return this.#tree;
  }

  /** Returns the node to split next: when leaves are limited, the one with the largest gain, the older among equals; else the newest. */
  #next(): Open | undefined {
    const { maxLeaves } = this.#settings;
    if (maxLeaves === 0) return this.#open.pop();
    if (this.#leaves.length + this.#open.length >= maxLeaves) {
      for (const open of this.#open.splice(0)) {
        this.#leaves.push(open);
        this.#spare.push(open.histogram);
      }
      return undefined;
    }
    const [first] = this.#open;
    if (first === undefined) return undefined;
    const best = this.#open.reduce((most, open) => (open.split.gain > most.split.gain ? open : most), first);
    return this.#open.splice(this.#open.indexOf(best), 1)[0];
  }

  #split({ node, depth, begin, end, sums, histogram, split }: Open): void {
    const middle = this.#sample.partition(begin, end, split);
    const rest = { first: sums.first - split.left.first, second: sums.second - split.left.second };
    const left = this.#placeOf(node, depth + 1, begin, middle, split.left);
    const right = this.#placeOf(node, depth + 1, middle, end, rest);
    this.#tree.split(node, left.node, right.node, split);
    const [small, large] = middle - begin <= end - middle ? [left, right] : [right, left];
    if (!this.#maySplit(small) && !this.#maySplit(large)) {
      this.#leaves.push(left, right);
      this.#spare.push(histogram);
      return;
    }
    const counted = this.#count(small);
    for (let slot = 0; slot < histogram.length; slot++) histogram[slot] = (histogram[slot] ?? 0) - (counted[slot] ?? 0);
    for (const place of [left, right]) this.#look(place, place === small ? counted : histogram);
  }

  /** Queues the node to be split, or makes it a leaf and frees its histogram. */
  #look(place: Place, histogram: Float64Array): void {
    const least = Math.max(LEAST_GAIN, this.#settings.gamma);
    const split = this.#maySplit(place) ? this.#finder.find(histogram, place.sums, least) : undefined;
    if (split !== undefined) {
      this.#open.push({ ...place, histogram, split });
      return;
    }
    this.#leaves.push(place);
    this.#spare.push(histogram);
  }

  #maySplit({ depth, begin, end, sums }: Place): boolean {
    const { maxDepth, minChildWeight } = this.#settings;
    return (maxDepth === 0 || depth < maxDepth) && end - begin >= 2 && sums.second * this.#sample.secondUnit >= 2 * minChildWeight;
  }

  #count({ begin, end }: Place): Float64Array {
    const histogram = this.#spare.pop()?.fill(0) ?? new Float64Array(this.#bins.slots * 2);
    this.#sample.count(this.#bins, this.#isAllowed, begin, end, histogram);
    return histogram;
  }

  #placeOf(parent: number, depth: number, begin: number, end: number, sums: Sums): Place {
    const { firstUnit, secondUnit } = this.#sample;
    const cover = sums.second * secondUnit;
    const weight = fround((-sums.first * firstUnit) / (cover + this.#settings.lambda));
    return { node: this.#tree.add(parent, weight, cover), depth, begin, end, sums };
  }

  #settle({ node, begin, end }: Place, margins: Float32Array): void {
    const value = this.#tree.settle(node, this.#settings.learningRate);
    const { rows } = this.#sample;
    for (let at = begin; at < end; at++) {
      const row = rows[at] ?? 0;
      margins[row] = (margins[row] ?? 0) + value;
    }
  }
}
