import { Refusal } from '../../wire/error-code.ts';

/** What a failure of the file system is to a client, which tries again. */
export function storageRefusal(error: unknown, doing: string): Refusal {
  return new Refusal('KAFKA_STORAGE_ERROR', `${doing} failed: ${describeFailure(error)}`);
}

export function describeFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return 'the disk is full (ENOSPC); delete topics or make room, then clients go on by themselves';
  if (code === 'EDQUOT') return 'the quota of the disk is used up (EDQUOT)';
  return message ?? String(error);
}
