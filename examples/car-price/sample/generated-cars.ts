import { COLUMNS } from '../cars.ts';

interface Make {
  readonly name: string;
  /** How often it is drawn. */
  readonly weight: number;
  /** When new, with the smallest engine, in pounds. */
  readonly price: number;
  /** In litres, the smallest first. */
  readonly engines: readonly number[];
}

const MAKES: readonly Make[] = [
  { name: 'Fiesta', weight: 36, price: 15_500, engines: [1, 1.1, 1.2, 1.5] },
  { name: 'Focus', weight: 26, price: 19_500, engines: [1, 1.5, 1.6, 2] },
  { name: 'Kuga', weight: 12, price: 24_500, engines: [1.5, 2] },
  { name: 'EcoSport', weight: 7, price: 18_000, engines: [1, 1.5] },
  { name: 'Ka+', weight: 4, price: 11_500, engines: [1.2] },
  { name: 'C-MAX', weight: 4, price: 19_000, engines: [1, 1.5, 1.6] },
  { name: 'Mondeo', weight: 4, price: 23_000, engines: [1.5, 2] },
  { name: 'S-MAX', weight: 3, price: 28_000, engines: [2] },
  { name: 'Puma', weight: 2, price: 21_500, engines: [1] },
  { name: 'Mustang', weight: 2, price: 37_000, engines: [2.3, 5] },
];
const GEARS = [
  { name: 'Manual', weight: 84, factor: 1 },
  { name: 'Automatic', weight: 9, factor: 1.07 },
  { name: 'Semi-Auto', weight: 7, factor: 1.1 },
];
const FUELS = [
  { name: 'Petrol', weight: 67, factor: 1, mpg: 1 },
  { name: 'Diesel', weight: 31, factor: 1.05, mpg: 1.2 },
  { name: 'Hybrid', weight: 2, factor: 1.15, mpg: 1.5 },
];
const NEWEST = 2_020;

/** A CSV of cars that never were; the same seed gives the same bytes. */
export function generate(rows: number, seed: number): string {
  const random = randomNumbers(seed);
  const lines = Array.from({ length: rows }, () => {
    const car = draw(random);
    return COLUMNS.map((column) => car[column]).join(',');
  });
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

function draw(random: () => number): Record<(typeof COLUMNS)[number], string | number> {
  const make = pick(MAKES, random());
  const gears = pick(GEARS, random());
  const fuel = pick(FUELS, random());
  const engine = make.engines[Math.floor(random() * make.engines.length)] as number;
  // The mean of two draws: most cars are neither new nor old.
  const age = Math.round(((random() + random()) / 2) * 8);
  const mileage = Math.round(200 + (age + random()) * (3_000 + random() * 9_000));
  const size = 1 + 0.16 * (engine - (make.engines[0] as number));
  const worn = Math.exp(-0.115 * age) * Math.exp(-mileage / 210_000);
  const chance = 0.94 + random() * 0.12;
  return {
    model: make.name,
    year: NEWEST - age,
    price: Math.round(make.price * size * gears.factor * fuel.factor * worn * chance),
    transmission: gears.name,
    mileage,
    fuelType: fuel.name,
    tax: fuel.name === 'Hybrid' ? 0 : NEWEST - age >= 2_017 ? 145 : engine <= 1 ? 20 : engine <= 1.6 ? 125 : 200,
    mpg: Math.round((68 - 9 * engine) * fuel.mpg * (0.97 + random() * 0.06) * 10) / 10,
    engineSize: engine,
  };
}

function pick<Choice extends { readonly weight: number }>(choices: readonly Choice[], chance: number): Choice {
  let left = chance * choices.reduce((sum, { weight }) => sum + weight, 0);
  return choices.find(({ weight }) => (left -= weight) < 0) ?? (choices[0] as Choice);
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
