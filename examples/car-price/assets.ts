import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of a file that lies in this folder of the package: compiled code runs from `dist`, where the compiler puts no data. */
export function asset(path: string): string {
  const beside = fileURLToPath(new URL(path, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../../examples/car-price/${path}`, import.meta.url));
}
