import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Features } from '../features/features.ts';
import { featuresBeside } from '../features/file.ts';

/** A model that was trained here, and its file. */
export class TrainedModel<Row extends object = object> {
  /** A source for `xgboost` or `linear`. */
  readonly file: Uint8Array;
  /** Complete; undefined where the model was trained on numbers. */
  readonly features: Features<Row> | undefined;
  /** In the model's order. */
  readonly columns: readonly string[];

  constructor(text: string, columns: readonly string[], features: Features<Row> | undefined) {
    this.file = new TextEncoder().encode(text);
    this.columns = columns;
    this.features = features;
  }

  /**
   * Writes the file, and the features beside it: `model.json` and `model.features.json`. Each is replaced as a whole, the features first,
   * so that a reader never sees half a model.
   *
   * @returns the file of the features
   */
  async save(path: string): Promise<string | undefined> {
    const beside = this.features === undefined ? undefined : featuresBeside(path);
    if (beside !== undefined) await replace(beside, `${JSON.stringify(this.features, null, 1)}\n`);
    await replace(path, this.file);
    return beside;
  }
}

async function replace(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, content);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
