export type { ModelAbout } from './about.ts';
export { describeModel } from './describe.ts';
export { type EncoderFile, encoderOf } from './encoder.ts';
export { shortest } from './float32.ts';
export { type FileAnswer, type OpenModel, type OpenOptions, openModel } from './open-model.ts';
export { versionOf } from './version.ts';
