import { api } from '../api.ts';
import { array, bool, int8, int16, int32, list, string } from '../field.ts';

/** Tables after the message definitions of Apache Kafka (clients/src/main/resources/common/message). */

export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleFrom: 4,
  request: {
    resources: array({ type: int8(), name: string(), keys: list(string(), { nullable: 0 }) }),
    includeSynonyms: bool(),
    includeDocumentation: bool({ since: 3 }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: 0 }),
      type: int8(),
      name: string(),
      configs: array({
        name: string(),
        value: string({ nullable: 0 }),
        readOnly: bool(),
        source: int8(),
        isSensitive: bool(),
        synonyms: array({ name: string(), value: string({ nullable: 0 }), source: int8() }),
        type: int8({ since: 3 }),
        documentation: string({ since: 3, nullable: 0, default: null }),
      }),
    }),
  },
});

const alterResponse = {
  throttleTimeMs: int32({ default: 0 }),
  results: array({ errorCode: int16(), errorMessage: string({ nullable: 0 }), type: int8(), name: string() }),
};

export const alterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexibleFrom: 2,
  request: {
    resources: array({ type: int8(), name: string(), configs: array({ name: string(), value: string({ nullable: 0 }) }) }),
    validateOnly: bool(),
  },
  response: alterResponse,
});

export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexibleFrom: 1,
  request: {
    resources: array({
      type: int8(),
      name: string(),
      configs: array({ name: string(), operation: int8(), value: string({ nullable: 0 }) }),
    }),
    validateOnly: bool(),
  },
  response: alterResponse,
});
