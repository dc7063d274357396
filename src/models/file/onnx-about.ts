import { inputsOf } from '../onnx/inputs.ts';
import { loadRuntime } from '../onnx/runtime.ts';
import { openSession, outputOf } from '../onnx/session.ts';
import type { Details } from './about.ts';

/** @throws ConfigError when onnxruntime-node is absent, or cannot read the model */
export async function aboutOnnx(bytes: Uint8Array): Promise<Details> {
  const session = await openSession(await loadRuntime(), bytes, 1);
  try {
    const inputs = inputsOf(session.inputMetadata);
    const { width } = outputOf(session, { answer: 'list' });
    const isMatrix = inputs.length === 1 && inputs[0]?.isText === false;
    return {
      format: 'ONNX',
      features: isMatrix ? inputs[0]?.width : inputs.length,
      featureNames: isMatrix ? [] : inputs.map(({ name }) => name),
      featureTypes: isMatrix ? [] : inputs.map(({ isText }) => (isText ? 'text' : 'float')),
      outputs: width,
      answers: width,
    };
  } finally {
    await session.release();
  }
}
