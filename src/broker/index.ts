/**
 * A broker that speaks Kafka's wire protocol on loopback, in one process, with nothing to install: for development,
 * tests and demonstrations. It does not replicate and has no security; production is Apache Kafka.
 */

// Starting it
export { type Broker, startBroker } from './broker.ts';
export { startBrokerThread } from './host/thread.ts';

// Its options
export type { BrokerLimits, BrokerOptions, LogEntry } from './options.ts';
