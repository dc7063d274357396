import type { Field } from './field.ts';

// XGBoost 1.6 sends a category that is invalid or outside of a node's set to the default direction, 1.7.6 and later to the left.
// Category names outside of ASCII are cut in wrong places in 3.2 files: they are refused. An untransformed base_score at zero rounds
// exists only in 3.1 and later, and only when none was given.

/** The categories of one feature. */
export interface Categories {
  /** The name of each code. */
  readonly names: readonly string[];
  /** True when the categories were numbers in training: their names are then the digits. */
  readonly isNumeric: boolean;
  /**
   * True when a name is not in ASCII: XGBoost's Python package measures pandas names in characters and stores them in bytes, so that such a
   * name and all after it are cut in the wrong places, and cannot be compared.
   */
  readonly isUncertain: boolean;
}

/**
 * Reads the categories that XGBoost 3.1 and later keep (`cats.enc`), by feature number; a feature without categories is absent. Strings are
 * stored as UTF-8 bytes with offsets, integers as numbers.
 */
export function readCategories(model: Field, features: number): Map<number, Categories> {
  const categories = new Map<number, Categories>();
  const encodings = model.find('cats')?.find('enc')?.list() ?? [];
  if (encodings.length === 0) return categories;
  if (encodings.length !== features) throw model.wrong(`has categories for ${encodings.length} features, and ${features} features`);
  encodings.forEach((encoding, feature) => {
    const isNumeric = encoding.find('offsets') === undefined;
    const names = isNumeric ? (encoding.find('values')?.reals().map(String) ?? []) : readTexts(encoding);
    const isUncertain =
      !isNumeric &&
      encoding
        .get('values')
        .wholes()
        .some((byte) => byte < 0 || byte > 0x7f);
    if (!isUncertain && new Set(names).size < names.length) throw encoding.wrong('names a category twice');
    if (names.length > 0) categories.set(feature, { names, isNumeric, isUncertain });
  });
  return categories;
}

function readTexts(encoding: Field): string[] {
  const offsets = encoding.get('offsets').wholes();
  // Written as signed or unsigned bytes.
  const bytes = Uint8Array.from(encoding.get('values').wholes(), (value) => value & 0xff);
  const utf8 = new TextDecoder();
  return Array.from({ length: Math.max(0, offsets.length - 1) }, (_, code) => {
    const begin = offsets[code] ?? 0;
    const end = offsets[code + 1] ?? 0;
    if (begin < 0 || end < begin || end > bytes.length)
      throw encoding.wrong(`takes bytes ${begin} to ${end} of ${bytes.length} for category ${code}`);
    return utf8.decode(bytes.subarray(begin, end));
  });
}
