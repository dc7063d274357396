/** For tests of your own apps: the real client, the real runtime, an embedded broker in memory. */
export type { RawMessage, Received, ReceivedLetter } from './received.ts';
export { type TestApp, type TestAppOptions, testApp } from './test-app.ts';
export type { TestTable } from './test-table.ts';
