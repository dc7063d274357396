/**
 * A broker that speaks Kafka's wire protocol on loopback, in one process, with nothing to install: for development,
 * tests and demonstrations. It does not replicate and has no security; production is Apache Kafka.
 */

export type { ErrorName } from '../wire/error-code.ts';
// For tests: faults, time, a look inside
export type { Fault } from './broker.ts';
// Starting it
export { type Broker, startBroker } from './broker.ts';
export type { BrokerDump, GroupDump, PartitionDump, TopicDump, TransactionDump } from './dump.ts';
export type { FaultOptions } from './faults/fault.ts';
export { startBrokerThread } from './host/thread.ts';
// Its options
export type { BrokerLimits, BrokerOptions, LogEntry } from './options.ts';
