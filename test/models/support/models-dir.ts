import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.MODELS_DIR;

/** Why the tests over the folder of models are skipped, or undefined when they run. */
export const modelsAbsent: string | undefined =
  folder === undefined ? 'MODELS_DIR is not set' : existsSync(join(folder, 'goldens')) ? undefined : `MODELS_DIR=${folder} has no goldens`;

/** A path in the folder that `MODELS_DIR` names: `models/car.json`. */
export function inModels(path: string): string {
  return join(folder ?? '', path);
}

export interface Golden {
  readonly row: number;
  readonly kind?: string;
  readonly raw?: Readonly<Record<string, string | number>>;
  readonly features?: ReadonlyArray<number | null>;
  readonly features_hex?: string;
  readonly margin?: number | number[];
  readonly margin_hex?: string;
  readonly prediction?: number | number[];
  readonly margin_all?: number;
  readonly prediction_all?: number;
  readonly probability?: number;
  readonly onnx?: number;
  readonly sklearn_probability?: number;
}

export function goldens(name: string): Golden[] {
  const lines = readFileSync(inModels(`goldens/${name}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Golden);
}
