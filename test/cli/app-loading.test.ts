import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fixture, run, withFolder } from './helpers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLAIN = fixture('same-copy-plain.js');

/** A project that has this package in its node_modules, and an app that came as a module. */
async function withProject<T>(use: (folder: string) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => {
    await mkdir(join(folder, 'node_modules/an-app'), { recursive: true });
    await symlink(ROOT, join(folder, 'node_modules/streamerjs'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', streamer: { apps: { mine: './src/mine.js' } } }));
    await mkdir(join(folder, 'src'));
    const { readFile } = await import('node:fs/promises');
    const source = await readFile(PLAIN, 'utf8');
    await writeFile(join(folder, 'src/mine.js'), source);
    await writeFile(join(folder, 'src/typed.ts'), await readFile(fixture('same-copy.ts'), 'utf8'));
    await writeFile(join(folder, 'node_modules/an-app/package.json'), JSON.stringify({ type: 'module', exports: './index.js' }));
    await writeFile(join(folder, 'node_modules/an-app/index.js'), source);
    return use(folder);
  });
}

describe('an app shares one App class with the command line', () => {
  it.each([fixture('same-copy.ts'), PLAIN])('as a file of the clone: %s', async (path) => {
    expect(await run(['run', '-A', path, 'compare'])).toMatchObject({ code: 0, stdout: 'one App\n', stderr: '' });
  });

  it('as TypeScript, JavaScript, configured name and module of a project', async () => {
    await withProject(async (cwd) => {
      for (const app of ['./src/typed.ts', './src/mine.js', 'src/mine.js', 'mine', 'an-app']) {
        expect({ app, ...(await run(['run', '-A', app, 'compare'], { cwd })) }).toMatchObject({
          app,
          code: 0,
          stdout: 'one App\n',
          stderr: '',
        });
      }
    });
  });

  it('as TypeScript outside of any project, where streamerjs cannot be found', async () => {
    await withFolder(async (cwd) => {
      const text =
        "import { App } from 'streamerjs';\nimport { each } from 'streamerjs/agents';\nexport default new App({ id: typeof each });\n";
      await writeFile(join(cwd, 'app.ts'), text);
      expect(await run(['run', '-A', './app.ts'], { cwd })).toMatchObject({
        code: 0,
        stdout: 'function has no commands; app.command(name, configure, action) declares one\n',
      });
    });
  });
});

describe('an app file that cannot be used ends with 2', () => {
  it.each([
    ['export const app = 1;\nexport const other = 2;', /exports no app: .* found app, other/],
    ['\nthrow new Error("a bug at the top");', /cannot load .*: Error: a bug at the top\n {2}at .*app\.ts:2:\d+/],
    ['const x = undefined as unknown as () => void;\n\nx();', /cannot load .*: TypeError: .*\n {2}at .*app\.ts:3:\d+/],
    ['export const app = ;', /cannot load [\s\S]*app\.ts:1:\d+/],
    [
      "import { App } from 'streamerjs';\nexport const app = new App({ id: 'no good' });",
      /app id "no good" is not allowed.*\n {2}at .*app\.ts:2:\d+/,
    ],
    ["import 'a-module-that-is-not-there';", /cannot load .*a-module-that-is-not-there/],
  ])('%s', async (text, message) => {
    await withFolder(async (cwd) => {
      await writeFile(join(cwd, 'app.ts'), text);
      const { code, stdout, stderr } = await run(['agents', '-A', './app.ts'], { cwd });
      expect(stderr).toMatch(message);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    });
  });

  it('JavaScript that does not parse: says where', async () => {
    await withFolder(async (cwd) => {
      await writeFile(join(cwd, 'app.mjs'), 'export const a = 1;\nexport default ;\n');
      expect((await run(['agents', '-A', './app.mjs'], { cwd })).stderr).toMatch(
        /cannot load .*: SyntaxError: .*\n {2}at .*app\.mjs:2:\d+/,
      );
    });
  });

  it('JavaScript where streamerjs is not installed: says which line installs it', async () => {
    await withFolder(async (cwd) => {
      await writeFile(join(cwd, 'app.mjs'), "import { App } from 'streamerjs';\nexport default new App({ id: 'x' });\n");
      const { code, stderr } = await run(['agents', '-A', './app.mjs'], { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain('npm install streamerjs');
    });
  });
});

describe('without -A', () => {
  const text = (id: string) => `import { App } from "streamerjs";\nexport const app = new App({ id: '${id}' });\n`;
  const listed = (id: string) => ({
    code: 0,
    stdout: `${id} has no commands; app.command(name, configure, action) declares one\n`,
    stderr: '',
  });

  it("the project's only app is used: the configured one, or the only file here or in src that makes one", async () => {
    await withFolder(async (cwd) => {
      await mkdir(join(cwd, 'src'));
      await writeFile(join(cwd, 'src/shop.ts'), text('found'));
      await writeFile(join(cwd, 'src/other.ts'), 'throw new Error("not an app, and not imported");\n');
      expect(await run(['run'], { cwd })).toMatchObject(listed('found'));
      await writeFile(join(cwd, 'bank.ts'), text('bank'));
      const { code, stderr } = await run(['topics', 'create'], { cwd });
      expect(code).toBe(2);
      expect(stderr).toMatch(/no app given: this project has 2\n {2}Name one: .*bank\.ts, .*shop\.ts, .*customer-prediction/);
      await writeFile(join(cwd, 'package.json'), JSON.stringify({ type: 'module', streamer: { apps: { mine: './bank.ts' } } }));
      expect(await run(['run'], { cwd })).toMatchObject(listed('bank'));
    });
  });

  it('names of properties of Object are apps that nobody knows', async () => {
    await withFolder(async (cwd) => {
      await writeFile(join(cwd, 'package.json'), JSON.stringify({ streamer: { apps: { mine: './bank.ts' } } }));
      for (const name of ['constructor', 'toString', '__proto__'])
        expect(await run(['run', '-A', name], { cwd })).toMatchObject({
          code: 2,
          stderr: expect.stringContaining(`no app named "${name}"`),
        });
    });
  });
});
