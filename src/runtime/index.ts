export { Asker } from './asker.ts';
export { currentHolder } from './context.ts';
export { deadLetterTopicOf } from './dead-letters.ts';
export { Outbox } from './outbox.ts';
export { Sender } from './sender.ts';
export { matchSources } from './source-map.ts';
export { Worker } from './worker.ts';
export type { AgentStats, StopResult, WorkerEvents, WorkerState, WorkerStats } from './worker-events.ts';
