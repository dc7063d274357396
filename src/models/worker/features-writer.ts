import { ConfigError } from '../../errors.ts';
import { Features } from '../features/features.ts';
import { checkHash, readFeatures } from '../features/file.ts';
import { isList } from '../record.ts';
import type { RowWriter } from './scorer.ts';
import { type ModelSource, pathOf } from './source.ts';

/** The declaration, or the file it was saved in. */
export type FeaturesSource<Row extends object> = Features<Row> | string | URL;

/** A model's columns, as far as its file names them. */
export interface ModelColumns {
  readonly source: ModelSource;
  readonly count: number;
  /** Empty when the model does not name them. */
  readonly names: readonly string[];
  /** Hash of the features that it was trained with, where the file has it. */
  readonly hash: string | undefined;
}

/**
 * Resolves to a writer that encodes rows by the declaration, in the model's order of columns.
 *
 * @throws ConfigError when the columns differ from the model's, or the model was trained with another declaration
 */
export async function featuresWriter<Row extends object>(from: FeaturesSource<Row>, model: ModelColumns): Promise<RowWriter<Row>> {
  const features = from instanceof Features ? from : await readFeatures<Row>(from);
  await checkHash(features, pathOf(model.source), model.hash);
  const { columns } = features;
  if (columns.length !== model.count)
    throw new ConfigError(`the features have ${columns.length} columns, and the model takes ${model.count}`);
  const places = model.names.length === 0 ? columns.map((_, at) => at) : columns.map((column) => model.names.indexOf(column));
  const unknown = columns.filter((_, at) => places[at] === -1);
  if (unknown.length > 0) {
    const lacking = model.names.filter((name) => !columns.includes(name));
    throw new ConfigError(`the model has no column ${list(unknown)}; the features lack its ${list(lacking)}`);
  }
  if (places.every((place, at) => place === at)) return features;
  const scratch = new Float32Array(columns.length);
  return {
    write(row, into, at) {
      features.write(row, scratch, 0);
      for (let column = 0; column < scratch.length; column++) into[at + (places[column] ?? 0)] = scratch[column] ?? 0;
    },
    checkTypes: (row) => features.checkTypes(row),
  };
}

/** Returns a writer for rows of two kinds: a list has the model's own numbers, an object is a row of the declaration. */
export function listsAsTheyAre<Row extends object>(lists: RowWriter<object>, objects: RowWriter<Row>): RowWriter<Row> {
  return {
    write(row, into, at) {
      if (isList(row)) lists.write(row, into, at);
      else objects.write(row, into, at);
    },
    checkTypes(row) {
      if (isList(row)) lists.checkTypes?.(row);
      else objects.checkTypes?.(row);
    },
  };
}

function list(names: readonly string[]): string {
  const shown = names
    .slice(0, 10)
    .map((name) => JSON.stringify(name))
    .join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
