import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Features } from '../features/features.ts';
import { featuresBeside } from '../features/file.ts';

/** A model that was trained here, and its file. */
export class TrainedModel<Row extends object = object> {
  /** What `xgboost` or `linear` takes as a source. */
  readonly file: Uint8Array;
  /** Fitted, where the model was trained with features. */
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
   * so that whoever reads the model meanwhile has never half of one.
   *
   * @returns where the features are
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
