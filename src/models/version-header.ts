/** Header of an HTTP answer, and of a record, with the version of the model that gave the answer. */
export const VERSION_HEADER = 'streamer-model-version';
