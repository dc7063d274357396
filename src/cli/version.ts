import { existsSync, readFileSync } from 'node:fs';

/** Version of the package this file belongs to. */
export function packageVersion(): string {
  for (let at = new URL('./', import.meta.url); ; at = new URL('../', at)) {
    const manifest = new URL('package.json', at);
    if (existsSync(manifest)) return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
    if (at.pathname === '/') return '0.0.0';
  }
}
