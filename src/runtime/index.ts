export { type Connection, closeConnection, openConnection } from './connection.ts';
export { currentHolder } from './context.ts';
export { deadLetterTopicOf, type LetterInfo, readLetter, replayHeaders } from './dead-letters.ts';
export { decodeFinished, encodeFinished, FinishedCursor, METADATA_LIMIT } from './finished-map.ts';
export { OffsetTracker } from './offset-tracker.ts';
export { matchSources } from './source-map.ts';
export { persist } from './waits.ts';
export { Worker } from './worker.ts';
export type { AgentStats, StopResult, WorkerEvents, WorkerState, WorkerStats } from './worker-events.ts';
