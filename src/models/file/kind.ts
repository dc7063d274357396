import { ConfigError, messageOf } from '../../errors.ts';
import { isRecord } from '../record.ts';
import { isUbjson, skipByteOrderMark } from '../xgboost/ubjson.ts';
import { foreignFormat, foreignJson } from './foreign.ts';

export type ModelKind = 'xgboost' | 'linear' | 'onnx';

const LINEAR_MEMBERS = ['coefficients', 'fields', 'numbers', 'model'];

/**
 * Returns the kind of model that the bytes are, by their content.
 *
 * @throws ConfigError that names the kind of file instead
 */
export function kindOf(bytes: Uint8Array): ModelKind {
  if (bytes.length === 0) throw new ConfigError('the model file is empty');
  const foreign = foreignFormat(bytes);
  if (foreign !== undefined) throw unsupported(foreign.name, foreign.next);
  if (isUbjson(bytes)) return 'xgboost';
  // ir_version of ONNX's ModelProto: field 1, a small number (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
  const [first = 0, second = 0] = bytes;
  if (first === 0x08 && second > 0 && second < 64) return 'onnx';
  return kindOfJson(bytes);
}

function kindOfJson(bytes: Uint8Array): ModelKind {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = skipByteOrderMark(bytes);
  if (!/^\s*[[{]/.test(text.toString('latin1', start, start + 64)))
    throw unsupported('not in a known format (XGBoost in JSON or UBJSON, a linear model in JSON, ONNX)');
  if (text.includes('"learner"')) return 'xgboost';
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8', start));
  } catch (cause) {
    throw new ConfigError(`the model file is not JSON: ${messageOf(cause)}`, { cause, next: 'Was it written to the end?' });
  }
  const foreign = foreignJson(json);
  if (foreign === undefined && isRecord(json) && LINEAR_MEMBERS.some((member) => Object.hasOwn(json, member))) return 'linear';
  const name =
    foreign?.name ?? 'JSON, but neither a model of XGBoost (it has no "learner") nor a linear one (no "coefficients", no "fields")';
  throw unsupported(name, foreign?.next);
}

function unsupported(name: string, next?: string): ConfigError {
  return new ConfigError(`this is ${name}: it cannot be scored here`, { next });
}
