/** Kafka behind one contract: `client.ts` says what each part does. */
export type * from './client.ts';
export { kafkajs } from './kafkajs/client.ts';
export { RefusedRecordsError } from './refused.ts';
