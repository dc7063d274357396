import { ConfigError, messageOf } from '../../errors.ts';
import { foreignFormat } from '../file/foreign.ts';
import { Field } from './field.ts';
import { isUbjson, readUbjson, skipByteOrderMark } from './ubjson.ts';

const SAVE_AGAIN = "Save it again in Python with `booster.save_model('model.json')` or `'model.ubj'`.";

/**
 * Parses the bytes of an XGBoost model file, JSON or UBJSON, which differ in their second byte, as in XGBoost.
 *
 * @throws ConfigError when they are neither
 */
export function parseDocument(bytes: Uint8Array): Field {
  const other = foreignFormat(bytes);
  if (other !== undefined) throw new ConfigError(`this is ${other.name}, not a model in JSON or UBJSON`, { next: SAVE_AGAIN });
  if (bytes.length === 0) throw new ConfigError('the model file is empty');
  return new Field(isUbjson(bytes) ? readUbjson(bytes) : parseJson(bytes.subarray(skipByteOrderMark(bytes))), '');
}

/** A quoted string, or one of the tokens that XGBoost before 3.0 writes though JSON does not have them. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g;

/** JSON, and the bare `NaN` (read as null) and `Infinity` of XGBoost 1.6 to 2.1. */
function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError('the model file is neither JSON nor UBJSON', { cause, next: SAVE_AGAIN });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!/NaN|Infinity/.test(text)) throw notJson(cause);
  }
  const replaced = text.replace(TOKENS, (token) =>
    token.startsWith('"') ? token : token === 'NaN' || token === '-NaN' ? 'null' : `${token.startsWith('-') ? '-' : ''}1e999`,
  );
  try {
    return JSON.parse(replaced);
  } catch (cause) {
    throw notJson(cause);
  }
}

function notJson(cause: unknown): ConfigError {
  const next =
    'Was it written to the end? XGBoost writes JSON when the name given to `save_model` ends in .json, UBJSON when it ends in .ubj.';
  return new ConfigError(`the model file is not JSON: ${messageOf(cause)}`, { cause, next });
}
