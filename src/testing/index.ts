/** Tests of your own apps: the real client, the real runtime, an embedded broker in memory. */
export { type Received, testApp, type TestApp, type TestAppOptions } from './test-app.ts';
