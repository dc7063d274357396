import { existsSync, readFileSync } from 'node:fs';

/** Returns the version of the package that this file belongs to. */
export function packageVersion(): string {
  for (let at = new URL('./', import.meta.url); ; at = new URL('../', at)) {
    const manifest = new URL('package.json', at);
    if (existsSync(manifest)) return String(JSON.parse(readFileSync(manifest, 'utf8')).version);
    if (at.pathname === '/') return '0.0.0';
  }
}
