import { api } from '../api.ts';
import { array, int8, int16, int32, string } from '../field.ts';

/**
 * Access control lists, answered with SECURITY_DISABLED as Apache Kafka does without an authorizer. Tables after the
 * message definitions of Apache Kafka (clients/src/main/resources/common/message).
 */

const filter = {
  resourceType: int8(),
  resourceName: string({ nullable: 0 }),
  patternType: int8(),
  principal: string({ nullable: 0 }),
  host: string({ nullable: 0 }),
  operation: int8(),
  permission: int8(),
};

export const describeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  versions: [1, 2],
  flexibleFrom: 2,
  request: filter,
  response: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: 0 }),
    resources: array({
      type: int8(),
      name: string(),
      patternType: int8(),
      acls: array({ principal: string(), host: string(), operation: int8(), permission: int8() }),
    }),
  },
});

export const createAcls = api({
  key: 30,
  name: 'CreateAcls',
  versions: [1, 2],
  flexibleFrom: 2,
  request: {
    creations: array({
      resourceType: int8(),
      resourceName: string(),
      patternType: int8(),
      principal: string(),
      host: string(),
      operation: int8(),
      permission: int8(),
    }),
  },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({ errorCode: int16(), errorMessage: string({ nullable: 0 }) }),
  },
});

export const deleteAcls = api({
  key: 31,
  name: 'DeleteAcls',
  versions: [1, 2],
  flexibleFrom: 2,
  request: { filters: array(filter) },
  response: {
    throttleTimeMs: int32({ default: 0 }),
    results: array({
      errorCode: int16(),
      errorMessage: string({ nullable: 0 }),
      acls: array({
        errorCode: int16(),
        errorMessage: string({ nullable: 0 }),
        resourceType: int8(),
        resourceName: string(),
        patternType: int8(),
        principal: string(),
        host: string(),
        operation: int8(),
        permission: int8(),
      }),
    }),
  },
});
