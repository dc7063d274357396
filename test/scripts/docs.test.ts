import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const namesIn = (folder: string, recursive = false) =>
  readdirSync(new URL(folder, ROOT), { recursive, encoding: 'utf8' }).map((name) => `${folder}${name}`);

const tests = namesIn('test/', true).filter((path) => path.endsWith('.ts'));
const docs = [...namesIn('docs/'), 'DESIGN.md', 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', '.ci/run'];
const titlesIn = (path: string) => read(path).replaceAll("\\'", "'");

/** Files of tests that a text names, in whole or by the end of their path. */
function filesIn(text: string): string[] {
  return [...text.matchAll(/[\w./-]*\w\.test\.ts/g)].map(([name]) => name).filter((name) => basename(name) !== '.slow.test.ts');
}

function found(name: string): string[] {
  return tests.filter((path) => path === name || path.endsWith(`/${name}`));
}

describe('tests that the docs name', () => {
  it.each(docs)('exist: %s', (doc) => {
    expect(filesIn(read(doc)).filter((name) => found(name).length === 0)).toEqual([]);
  });

  it('have the titles that docs/losses.md quotes', () => {
    const rows = read('docs/losses.md')
      .split('\n')
      .filter((line) => line.startsWith('| '));
    const missing = rows.flatMap((row) => {
      const cell = row.split('|').at(-2) ?? '';
      const files = filesIn(row).flatMap(found);
      const texts = (files.length > 0 ? files : tests).map(titlesIn);
      return [...cell.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title).filter((title) => !texts.some((text) => text.includes(title)));
    });
    expect(missing).toEqual([]);
  });
});
