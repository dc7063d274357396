import { ConfigError, isStreamerError } from '../../errors.ts';
import { type LinearLink, readLinearFile } from '../linear/linear-file.ts';
import type { Details, ModelAbout } from './about.ts';
import { kindOf, type ModelKind } from './kind.ts';
import { aboutOnnx } from './onnx-about.ts';
import { versionOf } from './version.ts';
import { aboutXgboost, roughlyXgboost } from './xgboost-about.ts';

/**
 * Resolves to the kind of model that the bytes are, its inputs and answers, and the reason where it is not supported. Does not reject for a
 * model that is not supported.
 */
export async function describeModel(bytes: Uint8Array, options: { readonly link?: LinearLink | undefined } = {}): Promise<ModelAbout> {
  const common = { bytes: bytes.length, version: versionOf(bytes), format: undefined };
  let kind: ModelKind | undefined;
  try {
    kind = kindOf(bytes);
    return { ...common, kind, ...(await detailsOf(kind, bytes, options.link)) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const unsupported = { reason: error.message, next: isStreamerError(error) ? error.next : undefined };
    return { ...common, kind, ...(kind === 'xgboost' ? roughlyXgboost(bytes) : kind && { format: formatOf(kind) }), unsupported };
  }
}

async function detailsOf(kind: ModelKind, bytes: Uint8Array, link: LinearLink | undefined): Promise<Details> {
  if (kind === 'xgboost') return aboutXgboost(bytes);
  if (kind === 'onnx') return aboutOnnx(bytes);
  const file = readLinearFile(new TextDecoder().decode(bytes), link);
  const featureNames = file.fields.map(({ field }) => field);
  const categories = file.fields.flatMap((field) => (field.kind === 'category' ? [[field.field, field.coefficients.size] as const] : []));
  return {
    format: 'JSON',
    link: file.link,
    features: featureNames.length,
    featureNames,
    featureTypes: file.fields.map((field) => field.kind),
    categories: Object.fromEntries(categories),
    outputs: 1,
    answers: 1,
  };
}

function formatOf(kind: ModelKind): string {
  return kind === 'onnx' ? 'ONNX' : 'JSON';
}
