import type { App } from '../app.ts';
import type { Worker } from '../runtime/index.ts';
import { sleep } from '../timing/index.ts';

/** Starts an app, and resolves to its worker when its tables are restored. */
export async function startedWhole(app: App): Promise<Worker> {
  const worker = await app.start({ logging: false });
  while (worker.isRestoring) await sleep(5);
  return worker;
}
