import type { Child } from '../../shared/child.ts';

const READY_MS = 60_000;

/** What a process says when it is ready. @throws Error when it ends before, or takes longer than a minute */
export async function inTime<T>(ready: Promise<T>, child: Child): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${child.name} was not ready within ${READY_MS / 1_000} s`)), READY_MS);
  });
  const early = child.gone.then(() => Promise.reject(child.failure()));
  early.catch(() => {});
  return Promise.race([ready, late, early]).finally(() => clearTimeout(timer));
}
