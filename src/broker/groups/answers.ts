import type { ErrorNumber } from '../../wire/error-code.ts';

export interface JoinAnswer {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolName: string;
  readonly leader: string;
  readonly memberId: string;
  /** Everybody, for the leader; nobody, for the others. */
  readonly members: readonly { readonly memberId: string; readonly groupInstanceId: string | null; readonly metadata: Buffer }[];
}

export interface SyncAnswer {
  readonly errorCode: number;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignment: Buffer;
}

export function failedJoin(memberId: string, errorCode: ErrorNumber): JoinAnswer {
  return { errorCode, generationId: -1, protocolName: '', leader: '', memberId, members: [] };
}

export function failedSync(errorCode: ErrorNumber): SyncAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: Buffer.alloc(0) };
}
