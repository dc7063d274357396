import { describe, expect, it } from 'vitest';
import { onnx } from '../../../src/models/index.ts';
import { columns, inputsOf } from '../../../src/models/onnx/inputs.ts';
import { loadRuntime, type OnnxRuntime } from '../../../src/models/onnx/runtime.ts';
import { field, fieldsOf, message, textOf, whole } from '../../../src/models/onnx/wire.ts';
import { withoutZipMap } from '../../../src/models/onnx/zip-map.ts';
import { hexOf } from '../support/bits.ts';
import { goldens, inModels, modelsAbsent } from '../support/models-dir.ts';

const runtime = await loadRuntime().catch(() => undefined);
const skipped = runtime === undefined ? 'onnxruntime-node is not installed' : modelsAbsent;

if (skipped !== undefined && process.env.TEST_ONNX === '1') {
  it('models in ONNX can be tried, as TEST_ONNX asks', () => expect.fail(skipped));
}

describe('without onnxruntime-node', () => {
  const absent = Object.assign(new Error("Cannot find package 'onnxruntime-node' imported from here"), { code: 'ERR_MODULE_NOT_FOUND' });

  it('a model says how to install it', async () => {
    await expect(loadRuntime(() => Promise.reject(absent))).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'a model in ONNX needs the package onnxruntime-node, which is not installed',
      next: 'Install it: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node',
    });
  });

  it('a package that is there and broken is not called absent', async () => {
    const broken = Object.assign(new Error('libonnxruntime.so.1: cannot open shared object file'), { code: 'ERR_DLOPEN_FAILED' });
    await expect(loadRuntime(() => Promise.reject(broken))).rejects.toThrow('onnxruntime-node cannot be loaded: libonnxruntime');
  });

  it.skipIf(runtime !== undefined)('predict rejects with that', async () => {
    await expect(onnx(Uint8Array.of(1)).predict([[1]])).rejects.toThrow('needs the package onnxruntime-node');
  });
});

describe('ZipMap', () => {
  const node = (type: string, input: string, output: string, ...more: Uint8Array[]) =>
    field(1, message(field(1, input), field(2, output), field(3, 'n'), field(4, type), ...more));
  const labels = (...content: Uint8Array[]) => field(5, message(field(1, 'classlabels_int64s'), ...content));
  /** An output that is a sequence of maps. */
  const output = field(12, message(field(1, 'p'), field(2, field(4, new Uint8Array()))));
  const model = (...graph: Uint8Array[]) =>
    message(whole(1, 8), field(8, message(field(1, 'ai.onnx.ml'), whole(2, 1))), field(7, message(...graph)));

  it.each([
    ['packed', [field(8, Uint8Array.of(0, 1, 0x80, 0x02))]],
    ['one by one', [whole(8, 0), whole(8, 1), whole(8, 256)]],
  ])('becomes a matrix of as many columns as there are labels, %s', (_, content) => {
    const before = model(node('Linear', 'x', 'raw'), node('ZipMap', 'raw', 'p', labels(...content)), output);
    const after = fieldsOf(withoutZipMap(before));
    expect(after.filter(({ number }) => number === 8).map(({ content: opset }) => textOf(fieldsOf(opset), 1))).toEqual(['ai.onnx.ml', '']);
    const graph = fieldsOf(after.find(({ number }) => number === 7)?.content as Uint8Array);
    expect(graph.map(({ content: part }) => textOf(fieldsOf(part), 4))).toEqual(['Linear', 'Identity', '']);
    const identity = fieldsOf(graph[1]?.content as Uint8Array);
    expect([textOf(identity, 1), textOf(identity, 2)]).toEqual(['raw', 'p']);
    const matrix = field(2, field(1, message(whole(1, 1), field(2, message(field(1, ''), field(1, whole(1, 3)))))));
    expect(Buffer.from(graph[2]?.content as Uint8Array)).toEqual(Buffer.from(message(field(1, 'p'), matrix)));
  });

  it('leaves all else as it is', () => {
    const plain = model(node('Linear', 'x', 'p'), output);
    expect(withoutZipMap(plain)).toBe(plain);
    for (const junk of [Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(0x3a, 0xff), new Uint8Array(20).fill(0xff)])
      expect(withoutZipMap(junk)).toBe(junk);
  });
});

describe('inputs', () => {
  it('are matrices of numbers, or columns of numbers and texts', () => {
    expect(inputsOf([{ name: 'x', isTensor: true, type: 'float32', shape: ['n', 12] }])).toEqual([{ name: 'x', isText: false, width: 12 }]);
    expect(inputsOf([{ name: 'job', isTensor: true, type: 'string', shape: [-1, 1] }])).toEqual([{ name: 'job', isText: true, width: 1 }]);
    for (const bad of [
      { isTensor: false },
      { isTensor: true, type: 'int64', shape: [-1, 3] },
      { isTensor: true, type: 'float32', shape: [-1, 3, 3] },
      { isTensor: true, type: 'string', shape: [-1, 2] },
    ])
      expect(() => inputsOf([{ name: 'x', ...bad }])).toThrow('input "x" is');
  });

  it('are filled from rows by name', () => {
    const Tensor = class {
      readonly data: readonly unknown[];
      readonly dims: readonly number[];
      constructor(_type: string, data: ArrayLike<unknown>, dims: readonly number[]) {
        this.data = Array.from(data);
        this.dims = dims;
      }
    } as unknown as OnnxRuntime['Tensor'];
    const feeds = columns(
      { Tensor } as OnnxRuntime,
      [
        { name: 'age', isText: false, width: 1 },
        { name: 'job', isText: true, width: 1 },
      ],
      [
        { age: 3, job: 'a' },
        { age: null, job: 'b' },
      ],
    );
    expect(feeds).toMatchObject({ age: { data: [3, Number.NaN], dims: [2, 1] }, job: { data: ['a', 'b'], dims: [2, 1] } });
  });

  it('options that make no sense are refused at once', () => {
    expect(() => onnx('x.onnx', { threads: 0 })).toThrow('threads: expected');
    expect(() => onnx('x.onnx', { answer: 'list', column: 1 })).toThrow('column is a position');
  });
});

describe.skipIf(skipped !== undefined)(`models in ONNX${skipped === undefined ? '' : ` (skipped: ${skipped})`}`, () => {
  it('car is scored as by onnxruntime in Python', async () => {
    const rows = goldens('car_onnx');
    const model = onnx(inModels('models/car.onnx'));
    const answers = await model.predict(rows.map((row) => row.features ?? []));
    expect(hexOf(answers)).toBe(hexOf(rows.map((row) => row.onnx as number)));
    await model.close?.();
  });

  it('a classifier answers one column, or all', async () => {
    const rows = goldens('bank_sklearn_logistic_onnx');
    const input = rows.map((row) => row.features ?? []);
    const model = onnx(inModels('models/bank_sklearn_logistic.onnx'), { column: 1 });
    const yes = await model.predict(input);
    for (const [at, row] of rows.entries()) expect(yes[at]).toBeCloseTo(row.sklearn_probability as number, 6);
    const both = onnx(inModels('models/bank_sklearn_logistic.onnx'), { answer: 'list' });
    expect((await both.predict(input)).map((pair) => pair[1])).toEqual(yes);
    await expect(onnx(inModels('models/bank_sklearn_logistic.onnx')).start?.()).rejects.toThrow('has 2 numbers a row');
    await model.close?.();
    await both.close?.();
  });

  it('probabilities that are maps come out as numbers', async () => {
    const rows = goldens('bank_sklearn_logistic').filter(({ kind }) => kind === 'real');
    const model = onnx<Record<string, string | number>>(inModels('models/bank_sklearn_pipeline.onnx'), {
      output: 'output_probability',
      column: 1,
    });
    const yes = await model.predict(rows.map((row) => row.raw ?? {}));
    for (const [at, row] of rows.entries()) expect(yes[at]).toBeCloseTo(row.probability as number, 5);
    await model.close?.();
  });

  it('a pipeline takes rows by name; an output that is not there is explained', async () => {
    const rows = goldens('bank_sklearn_logistic').filter(({ kind }) => kind === 'real');
    const raw = rows.map((row) => row.raw ?? {});
    const model = onnx<Record<string, string | number>>(inModels('models/bank_sklearn_pipeline.onnx'), { output: 'output_label' });
    expect(await model.predict(raw)).toEqual(rows.map(({ probability }) => ((probability as number) > 0.5 ? 1 : 0)));
    await expect(model.predict([{ ...raw[0], age: 'old' }, raw[1] ?? {}])).rejects.toMatchObject({ rows: [0] });
    await expect(onnx(inModels('models/bank_sklearn_pipeline.onnx'), { output: 'other' }).start?.()).rejects.toThrow(
      'no tensor of numbers "other"',
    );
    await model.close?.();
  });
});
