/** Bytes of records that are under way to brokers at a time: one send of a producer, and what it asks of each broker. */
export const REQUEST_BYTES = 8 * 1024 * 1024;
