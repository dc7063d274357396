import { writeJson } from '../../topics/index.ts';

/** JSON with every digit of numbers that JavaScript cannot hold. A value that JSON cannot hold is written as `JSON.stringify` does. */
export function jsonLine(value: unknown): string {
  try {
    return writeJson(value, { bigints: true });
  } catch {
    return JSON.stringify(value) ?? String(value);
  }
}
