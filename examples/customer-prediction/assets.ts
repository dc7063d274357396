import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Path of a file that lies in this folder of the package. Compiled code runs from `dist/examples/customer-prediction`, where
 * the compiler puts no data: then it is found in `examples/customer-prediction`.
 */
export function asset(path: string): string {
  const beside = fileURLToPath(new URL(path, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../../examples/customer-prediction/${path}`, import.meta.url));
}
