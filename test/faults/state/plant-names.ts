import { REWRITES } from '../net/rewrites.ts';
import { STATE_PLANTS } from './app/plants.ts';

export type PlantName = keyof typeof REWRITES | (typeof STATE_PLANTS)[number];

/** Bugs that the proxy plants; all others are the app's. */
export function isRewrite(plant: string | undefined): plant is keyof typeof REWRITES {
  return plant !== undefined && Object.hasOwn(REWRITES, plant);
}

export const PLANT_NAMES: readonly string[] = [...STATE_PLANTS, ...Object.keys(REWRITES)];
