/** Kafka behind one contract: `client.ts` says what each part does. */
export { COMPRESSIONS } from '../wire/compression/compression.ts';
export type * from './client.ts';
export { joinGroups } from './co-partitioned.ts';
export { addHeader, keepForm, pickHeaders, setHeader } from './headers.ts';
export { isReserved } from './internal-topics.ts';
export { kafkajs } from './kafkajs/client.ts';
export { partitionKey } from './partitions.ts';
export { isInLog, type LogPosition, readPositions, seekToStart } from './positions.ts';
export { MadeRecords } from './records.ts';
export { RefusedRecordsError } from './refused.ts';
export { REQUEST_BYTES } from './request-size.ts';
export { TransactionError } from './transaction-error.ts';
export { UnreadableBatchError } from './unreadable.ts';
