/** Tests of your own apps: the real client, the real runtime, an embedded broker in memory. */
export { type Received, type TestApp, type TestAppOptions, testApp } from './test-app.ts';
