import { describe, expect, it } from 'vitest';
import { ConfigError, KafkaError, StreamerError } from '../src/errors.ts';
import { isRateLimit, isUnavailable, retryAfterOf, unavailable } from '../src/outage.ts';

const error = (fields: object, message = 'x') => Object.assign(new Error(message), fields);

describe('an outage is recognised', () => {
  it.each([
    ['Node.js: connection refused', error({ code: 'ECONNREFUSED', errno: -111, syscall: 'connect' })],
    ['Node.js: happy eyeballs', new AggregateError([error({ code: 'ECONNREFUSED' }), error({ code: 'ENETUNREACH' })])],
    ['Node.js: no such host', error({ code: 'ENOTFOUND', hostname: 'models' })],
    ['fetch', new TypeError('fetch failed', { cause: error({ code: 'ECONNRESET' }) })],
    ['fetch, no answer', new TypeError('fetch failed', { cause: error({ name: 'HeadersTimeoutError', code: 'UND_ERR_HEADERS_TIMEOUT' }) })],
    ['undici', error({ name: 'ConnectTimeoutError', code: 'UND_ERR_CONNECT_TIMEOUT' })],
    ['axios: 503', error({ name: 'AxiosError', code: 'ERR_BAD_RESPONSE', status: 503, response: { status: 503, headers: {} } })],
    ['axios 0.x: 503', error({ isAxiosError: true, response: { status: 503 } })],
    ['axios: time-out', error({ name: 'AxiosError', code: 'ECONNABORTED' })],
    ['axios: network', error({ name: 'AxiosError', code: 'ERR_NETWORK' })],
    ['got: 502', error({ name: 'HTTPError', code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 502 } })],
    ['got: time-out', error({ name: 'TimeoutError', code: 'ETIMEDOUT' })],
    ['ky: 504', error({ name: 'HTTPError', response: new Response('', { status: 504 }) })],
    ['a plain status', error({ status: 429 })],
    ['superagent, http-errors', error({ statusCode: 503 })],
    ['AWS SDK v3', error({ name: 'ServiceUnavailable', $fault: 'server', $metadata: { httpStatusCode: 503, requestId: 'r' } })],
    ['AWS SDK v3: throttled', error({ name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } })],
    ['grpc-js: UNAVAILABLE', error({ code: 14, details: 'No connection established', metadata: {} })],
    ['grpc-js: DEADLINE_EXCEEDED', error({ code: 4, details: '', metadata: {} })],
    ['Connect', error({ name: 'ConnectError', code: 14 })],
    ['a cause, deep', new Error('a', { cause: new Error('b', { cause: error({ status: 503 }) }) })],
    ['unavailable()', unavailable(new Error('the quota is used up'))],
    ['a Kafka error that may pass', new KafkaError('retry', 'x')],
  ])('%s', (_, thrown) => expect(isUnavailable(thrown)).toBe(true));

  it.each([
    ['a plain error', new Error('x')],
    ['404', error({ response: { status: 404 } })],
    ['500', error({ status: 500, response: { status: 500 } })],
    ['a number that is not gRPC', error({ code: 14 })],
    ['grpc-js: NOT_FOUND', error({ code: 5, details: '', metadata: {} })],
    ['a mixed aggregate', new AggregateError([error({ code: 'ECONNREFUSED' }), new Error('x')])],
    ['an empty aggregate', new AggregateError([])],
    ['a validation error', new StreamerError('VALIDATION', 'x')],
    ['a config error with a cause', new ConfigError('x', { cause: error({ status: 503 }) })],
    ['a refused Kafka error', new KafkaError('refused', 'x')],
    ['a string', '503'],
    ['undefined', undefined],
    [
      'a circle',
      (() => {
        const circle = error({});
        circle.cause = circle;
        return circle;
      })(),
    ],
    [
      'a getter that throws',
      Object.defineProperty(error({}), 'status', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
    [
      'a proxy that throws',
      new Proxy(error({}), {
        get: () => {
          throw new Error('no');
        },
        has: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('and %s is not one', (_, thrown) => expect(isUnavailable(thrown)).toBe(false));

  it('tells a request for fewer requests from one', () => {
    expect(isRateLimit(error({ response: { status: 429 } }))).toBe(true);
    expect(isRateLimit(new Error('x', { cause: error({ status: 429 }) }))).toBe(true);
    expect(isRateLimit(error({ code: 8, details: '', metadata: {} }))).toBe(true);
    expect(isRateLimit(error({ status: 503 }))).toBe(false);
  });

  it('says how long to wait, up to a minute', () => {
    expect(retryAfterOf(unavailable('x', { retryAfterMs: 2_000 }))).toBe(2_000);
    expect(retryAfterOf(error({ response: { status: 503, headers: { 'retry-after': '3' } } }))).toBe(3_000);
    expect(retryAfterOf(error({ response: new Response('', { headers: { 'retry-after': '4' } }) }))).toBe(4_000);
    expect(retryAfterOf(error({ retryAfterMs: 3_600_000 }))).toBe(60_000);
    expect(retryAfterOf(error({ response: { headers: { 'retry-after': 'soon' } } }))).toBe(0);
    expect(retryAfterOf(undefined)).toBe(0);
  });
});
