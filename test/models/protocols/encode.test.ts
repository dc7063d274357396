import { describe, expect, it } from 'vitest';
import type { HttpQuestion, Protocol } from '../../../src/models/http/protocol.ts';
import { bentomlProtocol } from '../../../src/models/protocols/bentoml.ts';
import { columnsProtocol } from '../../../src/models/protocols/columns.ts';
import { mlflowProtocol } from '../../../src/models/protocols/mlflow.ts';
import { openInferenceProtocol } from '../../../src/models/protocols/open-inference.ts';
import { rowsProtocol } from '../../../src/models/protocols/rows.ts';
import { kserveV1Protocol, tensorFlowServingProtocol } from '../../../src/models/protocols/tensor-flow-serving.ts';

const cars = [
  { model: 'Kuga', year: 2019 },
  { model: 'Focus', year: 2017 },
];
const lists = [
  [1, 2, 3],
  [4, 5, 6],
];
const tensor = { name: 'x', datatype: 'FP32' } as const;

/** Rows, and the path and body that the servers' own documents ask for them. */
const cases: Array<[string, Protocol<never>, readonly unknown[], string, unknown]> = [
  ['rows', rowsProtocol(), cars, '', cars],
  ['rows, one at a time', rowsProtocol({ single: true }), cars.slice(0, 1), '', cars[0]],
  ['columns', columnsProtocol(), cars, '', { model: ['Kuga', 'Focus'], year: [2019, 2017] }],
  ['columns, named', columnsProtocol({ columns: ['year'] }), cars, '', { year: [2019, 2017] }],
  ['bentoml, the body is the value', bentomlProtocol(), cars, '/predict', cars],
  ['bentoml, one parameter', bentomlProtocol({ route: '/p', parameter: 'features' }), lists, '/p', { features: lists }],
  [
    'bentoml, columns',
    bentomlProtocol({ parameter: 'df', form: 'columns' }),
    cars,
    '/predict',
    { df: { model: ['Kuga', 'Focus'], year: [2019, 2017] } },
  ],
  [
    'mlflow',
    mlflowProtocol(),
    cars,
    '/invocations',
    {
      dataframe_split: {
        columns: ['model', 'year'],
        data: [
          ['Kuga', 2019],
          ['Focus', 2017],
        ],
      },
    },
  ],
  [
    'mlflow, lists',
    mlflowProtocol({ columns: ['a', 'b', 'c'] }),
    lists,
    '/invocations',
    { dataframe_split: { columns: ['a', 'b', 'c'], data: lists } },
  ],
  [
    'mlflow, records',
    mlflowProtocol({ input: 'dataframe_records', params: { a: 1 } }),
    cars,
    '/invocations',
    { dataframe_records: cars, params: { a: 1 } },
  ],
  ['mlflow, instances', mlflowProtocol({ input: 'instances' }), lists, '/invocations', { instances: lists }],
  [
    'mlflow, inputs by name',
    mlflowProtocol({ input: 'inputs' }),
    cars,
    '/invocations',
    { inputs: { model: ['Kuga', 'Focus'], year: [2019, 2017] } },
  ],
  ['mlflow, inputs as lists', mlflowProtocol({ input: 'inputs' }), lists, '/invocations', { inputs: lists }],
  ['tensorFlowServing', tensorFlowServingProtocol({ model: 'm' }), cars, '/v1/models/m:predict', { instances: cars }],
  [
    'tensorFlowServing, columns',
    tensorFlowServingProtocol({ model: 'm', version: 3, signature: 's', format: 'column' }),
    cars,
    '/v1/models/m/versions/3:predict',
    { signature_name: 's', inputs: { model: ['Kuga', 'Focus'], year: [2019, 2017] } },
  ],
  [
    'tensorFlowServing, a label',
    tensorFlowServingProtocol({ model: 'm', label: 'stable' }),
    lists,
    '/v1/models/m/labels/stable:predict',
    { instances: lists },
  ],
  ['kserveV1', kserveV1Protocol({ model: 'a b' }), lists, '/v1/models/a%20b:predict', { instances: lists }],
  [
    'openInference, one tensor',
    openInferenceProtocol({ model: 'm', tensor }),
    lists,
    '/v2/models/m/infer',
    { inputs: [{ ...tensor, shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }] },
  ],
  [
    'openInference, columns',
    openInferenceProtocol({
      model: 'm',
      version: 1,
      columns: { model: 'BYTES', year: 'INT64' },
      parameters: { content_type: 'pd' },
      output: 'y',
    }),
    cars,
    '/v2/models/m/versions/1/infer',
    {
      parameters: { content_type: 'pd' },
      outputs: [{ name: 'y' }],
      inputs: [
        { name: 'model', shape: [2, 1], datatype: 'BYTES', data: ['Kuga', 'Focus'] },
        { name: 'year', shape: [2, 1], datatype: 'INT64', data: [2019, 2017] },
      ],
    },
  ],
];

describe('encode', () => {
  it.each(cases)('%s', (_name, protocol, rows, path, body) => {
    const question: HttpQuestion = protocol.encode(rows as never);
    expect(question.path ?? '').toBe(path);
    expect(JSON.parse(question.body)).toEqual(body);
  });

  it.each([
    ['columns', columnsProtocol(), [{ a: 1 }, { b: 1 }, { a: 2 }], [1], /row 1 has no "a"/],
    ['columns with one too many', columnsProtocol(), [{ a: 1 }, { a: 1, b: 2 }], [1], /row 1 has "b", and the first row does not/],
    ['columns of no object', columnsProtocol(), [{ a: 1 }, [1], null], [1, 2], /row 1 is not an object/],
    ['mlflow', mlflowProtocol(), [{ a: 1 }, { a: undefined }], [1], /row 1 has no "a"/],
    [
      'a tensor',
      openInferenceProtocol({ model: 'm', tensor }),
      [[1, 2], [1], [3, 4], 'x'],
      [1, 3],
      /row 1 is not a list of as many values as the first, 2/,
    ],
    ['tensors by name', openInferenceProtocol({ model: 'm', columns: { a: 'FP32' } }), [{ a: 1 }, {}], [1], /row 1 has no "a"/],
  ] as Array<[string, Protocol<never>, unknown[], number[], RegExp]>)(
    'refuses rows that do not fit, by name: %s',
    (_name, protocol, rows, bad, message) => {
      expect(() => protocol.encode(rows as never)).toThrow(
        expect.objectContaining({ code: 'REFUSED', retryable: false, rows: bad, message: expect.stringMatching(message) }),
      );
    },
  );

  it.each([
    [() => openInferenceProtocol({ model: '', columns: { a: 'FLOAT' as never } }), /2 problems/],
    [() => openInferenceProtocol({ model: 'm' }), /either `tensor`/],
    [() => tensorFlowServingProtocol({ model: 'm', version: 1, label: 'x' }), /not both/],
    [() => kserveV1Protocol({ model: '' }), /name of a model/],
    [() => mlflowProtocol({ input: 'rows' as never }), /input: expected one of/],
    [() => bentomlProtocol({ route: 'predict', columns: [] }), /2 problems/],
  ])('refuses settings that cannot work %#', (make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIG', message: expect.stringMatching(message) }));
  });
});
