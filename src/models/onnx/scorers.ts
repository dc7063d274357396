import { ConfigError } from '../../errors.ts';
import { ModelError } from '../model-error.ts';
import { type AnyRecord, valueOf } from '../record.ts';
import type { Loaded } from '../worker/in-process.ts';
import type { Scorer } from '../worker/scorer.ts';
import { columns, type Input, matrix, recordOf } from './inputs.ts';
import type { OnnxRuntime, OnnxSession } from './runtime.ts';
import { type Output, run } from './session.ts';

/** Returns a scorer for a model whose one input is a matrix of numbers. */
export function matrixScorer(runtime: OnnxRuntime, session: OnnxSession, input: Input, output: Output): Scorer {
  return {
    features: input.width,
    width: output.width,
    async score(rows, count) {
      if (count === 0) return new Float32Array(0);
      return run(session, matrix(runtime, input, rows.subarray(0, count * input.width), count), output, count);
    },
    close: () => session.release(),
  };
}

/**
 * Returns a scorer for a model with an input for each field. Strings are not numbers: what the writer writes of a row is its place in a list
 * that lives as long as the call.
 */
export function fieldScorer<Row extends object>(
  runtime: OnnxRuntime,
  session: OnnxSession,
  inputs: readonly Input[],
  output: Output,
): Pick<Loaded<Row, never>, 'scorer' | 'writer'> {
  const wide = inputs.find(({ width }) => width !== 1);
  if (wide !== undefined)
    throw new ConfigError(`the model's input ${JSON.stringify(wide.name)} has ${wide.width} columns beside other inputs`);
  let written: AnyRecord[] = [];
  return {
    writer: {
      write(row, _into, at) {
        const record = recordOf(inputs, row);
        if (at === 0) written = [];
        written.push(record);
      },
      checkTypes(row) {
        for (const { name, isText } of inputs) {
          const value = valueOf(row, name);
          if (!isText && typeof value === 'boolean')
            throw new ModelError('REFUSED', `the field ${JSON.stringify(name)} must be a number, got ${value}`, { field: name });
        }
      },
    },
    scorer: {
      features: 1,
      width: output.width,
      async score(_rows, count) {
        if (count === 0) return new Float32Array(0);
        return run(session, columns(runtime, inputs, written.slice(0, count)), output, count);
      },
      close: () => session.release(),
    },
  };
}
