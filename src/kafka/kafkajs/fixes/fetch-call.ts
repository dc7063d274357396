/** Loads one of kafkajs's modules. */
export type Load = NodeJS.Require;

/** A record as kafkajs's fetch gives it to its consumer. */
export interface FetchedRecord {
  readonly magicByte?: number;
  readonly attributes?: number;
  readonly timestamp: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | null | Array<Buffer | null>>;
  readonly isControlRecord?: boolean;
  readonly batchContext?: BatchContext;
}

export interface BatchContext {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly partitionLeaderEpoch: number;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly maxTimestamp: string;
  readonly timestampType: number;
  readonly magicByte: number;
}

export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset?: string;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly preferredReadReplica?: number;
  readonly messages: readonly FetchedRecord[];
}

export interface FetchAnswer {
  readonly throttleTime: number;
  readonly clientSideThrottleTime?: number;
  readonly errorCode?: number;
  readonly sessionId?: number;
  readonly responses: ReadonlyArray<{ readonly topicName: string; readonly partitions: readonly FetchedPartition[] }>;
}

export type DecodeFetch = (raw: Buffer) => Promise<FetchAnswer>;

interface FetchCall {
  readonly response: { decode: DecodeFetch };
}

interface FetchDefinitions {
  protocol(options: { version: number }): (request: unknown) => FetchCall;
}

/**
 * Puts another decoder in front of kafkajs's for the answers to fetch requests of version 4 and later. kafkajs looks the
 * definition up for each request, so this holds also for clients that exist already.
 */
export function wrapFetchDecoder(load: Load, wrap: (decode: DecodeFetch, version: number) => DecodeFetch): void {
  const definitions = load('kafkajs/src/protocol/requests/fetch') as FetchDefinitions;
  const protocol = definitions.protocol.bind(definitions);
  definitions.protocol = ({ version }) => {
    const define = protocol({ version });
    if (version < 4) return define;
    return (request) => {
      const call = define(request);
      return { ...call, response: { ...call.response, decode: wrap(call.response.decode, version) } };
    };
  };
}
