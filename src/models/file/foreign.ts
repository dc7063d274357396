import { isRecord } from '../record.ts';

interface Foreign {
  readonly name: string;
  readonly next?: string | undefined;
}

const SAVE_XGBOOST = "Save XGBoost's in Python with `booster.save_model('model.json')` or `'model.ubj'`; export others to ONNX.";
const EXPORT = 'Export it to ONNX.';

/** The first bytes of files that are taken for a model that can be scored here, and what they are. */
const FORMATS: ReadonlyArray<Foreign & { readonly start: string | readonly number[] }> = [
  { start: [0x80], name: 'a Python pickle', next: SAVE_XGBOOST },
  { start: [0x78, 0x9c], name: 'a compressed Python pickle', next: SAVE_XGBOOST },
  { start: [0x1f, 0x8b], name: 'a gzip archive', next: 'Unpack it first.' },
  { start: [0x50, 0x4b, 0x03, 0x04], name: 'a zip archive', next: EXPORT },
  { start: [0x89, 0x48, 0x44, 0x46], name: 'an HDF5 file', next: EXPORT },
  { start: 'CBM1', name: "CatBoost's binary format", next: EXPORT },
  { start: 'tree\n', name: "LightGBM's text format", next: EXPORT },
  { start: 'binf', name: "XGBoost's old binary format", next: SAVE_XGBOOST },
  { start: 'CONFIG-offset:', name: "XGBoost's memory snapshot", next: SAVE_XGBOOST },
  { start: 'booster[', name: "XGBoost's text dump", next: SAVE_XGBOOST },
  { start: '<', name: 'XML, as PMML is written', next: EXPORT },
];

/** The same for JSON objects, by a member that only they have. */
const JSON_FORMATS: ReadonlyArray<Foreign & { readonly member: string }> = [
  { member: 'oblivious_trees', name: "CatBoost's JSON", next: EXPORT },
  { member: 'tree_info', name: "LightGBM's JSON dump", next: EXPORT },
  { member: 'categorical', name: 'an encoder of features, not a model' },
  { member: 'order', name: 'an encoder of features, not a model' },
];

/** Returns the format of the bytes, when it is known and not supported. */
export function foreignFormat(bytes: Uint8Array): Foreign | undefined {
  return FORMATS.find(({ start }) => (typeof start === 'string' ? [...Buffer.from(start)] : start).every((byte, at) => bytes[at] === byte));
}

export function foreignJson(json: unknown): Foreign | undefined {
  if (Array.isArray(json)) return { name: "a JSON list, as XGBoost's dump of trees is", next: SAVE_XGBOOST };
  if (!isRecord(json)) return { name: 'JSON, but not an object' };
  if (json.kind === 'streamer.features') return { name: 'a declaration of features, not a model' };
  return JSON_FORMATS.find(({ member }) => Object.hasOwn(json, member));
}
