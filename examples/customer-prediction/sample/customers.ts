import { ageGroup, type Counts, type Distributions } from './distributions.ts';

/** The columns of the file that the original simulator read: an unnamed row number, then the 16 of UCI's. */
const COLUMNS = [
  'age',
  'job',
  'marital',
  'education',
  'default',
  'balance',
  'housing',
  'loan',
  'contact',
  'day',
  'month',
  'duration',
  'campaign',
  'pdays',
  'previous',
  'poutcome',
] as const;

/** A comma CSV of customers that never were, drawn from the distributions; the same seed gives the same bytes. */
export function generate(distributions: Distributions, rows: number, seed: number): string {
  const random = randomNumbers(seed);
  const lines = [`,${COLUMNS.join(',')}`];
  for (let n = 0; n < rows; n++) {
    const customer = draw(distributions, random);
    lines.push([n, ...COLUMNS.map((column) => customer[column])].join(','));
  }
  return `${lines.join('\n')}\n`;
}

function draw(from: Distributions, random: () => number): Record<(typeof COLUMNS)[number], string | number> {
  const pick = (counts: Counts, group = 'all') => pickFrom(counts[group] ?? {}, random());
  const number = (quantiles: readonly number[]) => between(quantiles, random());
  const age = number(from.age);
  const group = ageGroup(age);
  const job = pick(from.job, group);
  const poutcome = pick(from.poutcome);
  const isNew = poutcome === 'unknown';
  return {
    age,
    job,
    marital: pick(from.marital, group),
    education: pick(from.education, job),
    default: pick(from.default),
    balance: number(from.balance[group] ?? [0]),
    housing: pick(from.housing, group),
    loan: pick(from.loan),
    contact: pick(from.contact),
    day: number(from.day),
    month: pick(from.month),
    duration: number(from.duration),
    campaign: number(from.campaign),
    pdays: isNew ? -1 : number(from.pdays),
    previous: isNew ? 0 : number(from.previous),
    poutcome,
  };
}

/** A value with the chance of its count. */
function pickFrom(counts: Readonly<Record<string, number>>, chance: number): string {
  const entries = Object.entries(counts);
  let left = chance * entries.reduce((sum, [, count]) => sum + count, 0);
  for (const [value, count] of entries) {
    left -= count;
    if (left < 0) return value;
  }
  throw new Error('nothing to pick from');
}

/** A whole number somewhere between two neighbouring quantiles. */
function between(quantiles: readonly number[], chance: number): number {
  const place = chance * (quantiles.length - 1);
  const low = quantiles[Math.floor(place)] as number;
  const high = quantiles[Math.ceil(place)] as number;
  return Math.round(low + (high - low) * (place - Math.floor(place)));
}

/** Marsaglia's xorshift with 32 bits of state (Journal of Statistical Software 8(14), 2003): numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 0x1_0000_0000;
  };
}
