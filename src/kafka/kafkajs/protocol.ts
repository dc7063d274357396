import { createRequire } from 'node:module';
import { LATER_CODES } from './codes.ts';

const load = createRequire(import.meta.url);

/** Kafka's name of an error code, as kafkajs spells it. */
export function codeName(code: number): string {
  const { errorCodes } = load('kafkajs/src/protocol/error') as { errorCodes: ReadonlyArray<{ code: number; type: string }> };
  return errorCodes.find((each) => each.code === code)?.type ?? LATER_CODES[code] ?? `ERROR_${code}`;
}
