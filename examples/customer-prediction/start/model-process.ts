import { fileURLToPath } from 'node:url';
import { Child } from '../../shared/child.ts';

const MAIN = fileURLToPath(new URL('../model/main.js', import.meta.url));
const READY_MS = 30_000;

export interface ModelProcess {
  /** Resolves to the address of `POST /predict`. */
  readonly url: Promise<string>;
  readonly child: Child;
}

/** The model server as a process of its own, on a free port. */
export function startModel(): ModelProcess {
  let ready: (url: string) => void = () => {};
  const address = new Promise<string>((resolve) => (ready = resolve));
  const child = new Child({
    name: 'model server',
    args: [MAIN, '--port', '0'],
    onLine: (line) => {
      const url = /http:\S+/.exec(line)?.[0];
      if (url !== undefined) ready(url);
    },
  });
  return { child, url: inTime(address, child) };
}

async function inTime(address: Promise<string>, child: Child): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the model server was not ready within ${READY_MS / 1_000} s`)), READY_MS);
  });
  const early = child.gone.then(() => Promise.reject(child.failure()));
  try {
    return await Promise.race([address, late, early]);
  } finally {
    clearTimeout(timer);
    early.catch(() => {});
  }
}
