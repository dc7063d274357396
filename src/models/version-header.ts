/** Header of an HTTP answer, and of a record, that says which version of the model gave it. */
export const VERSION_HEADER = 'streamer-model-version';
