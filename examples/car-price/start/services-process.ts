import { fileURLToPath } from 'node:url';
import { Child } from '../../shared/child.ts';
import { inTime } from './in-time.ts';

const MAIN = fileURLToPath(new URL('./services-main.js', import.meta.url));

export interface Places {
  readonly postgresUrl: string;
  readonly modelUrl: string;
}

/** Postgres and the model server as a process of their own: when we are killed it stops the server that we cannot stop any more. */
export function startServicesProcess(weights: string): { readonly child: Child; readonly ready: Promise<Places> } {
  let found: (places: Places) => void = () => {};
  const places = new Promise<Places>((resolve) => (found = resolve));
  const child = new Child({
    name: 'Postgres and model server',
    args: [MAIN, weights],
    onLine: (line) => line.startsWith('{') && found(JSON.parse(line) as Places),
  });
  return { child, ready: inTime(places, child) };
}
