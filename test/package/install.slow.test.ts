import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment, fixture, jsonLines, MAIN, run as runProgram, withStreamer } from '../cli/helpers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const execute = promisify(execFile);
const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string; exports: Record<string, string> };

let folder: string;
let project: string;

async function run(command: string, args: readonly string[], cwd = project, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await execute(command, [...args], { cwd, env: environment({ npm_config_update_notifier: 'false', ...env }) });
  return stdout;
}

/** Packs what is built, and installs the archive into an empty project, as a user would. */
beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error('dist is not there: run `npm run build` first');
  folder = await mkdtemp(join(tmpdir(), 'streamer-package-'));
  project = join(folder, 'project');
  await mkdir(project);
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], ROOT);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'a-project', private: true, type: 'module' }));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, `streamerjs-${manifest.version}.tgz`)]);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the packed package, installed into an empty project', () => {
  it('runs: every entry can be imported', async () => {
    const entries = Object.keys(manifest.exports).filter((entry) => !entry.endsWith('.json'));
    const imports = entries.map((entry) => `import * as _${entry.replace(/\W/g, '')} from 'streamerjs${entry.slice(1)}';`);
    const use =
      "import { App, json, string } from 'streamerjs';\nconst app = new App({ id: 'x' });\napp.topic('t', { key: string(), value: json() });";
    await writeFile(join(project, 'app.js'), `${imports.join('\n')}\n${use}\nconsole.log(app.id, [...app.topics.keys()].join());\n`);
    expect(await run(process.execPath, ['app.js'])).toBe('x t\n');
  });

  it('loads Avro and the registry client when they are used, and names the one that has to be installed', async () => {
    await writeFile(
      join(project, 'lazy.js'),
      `import module from 'node:module';
import { avro } from 'streamerjs';
const loaded = () => Object.keys(module._cache).filter((path) => /avsc|confluent/.test(path)).length > 0;
const before = loaded();
const context = { topic: 't', part: 'value' };
const bytes = avro({ type: 'array', items: 'int' }).encode([1, 2], context);
const registry = { url: 'http://127.0.0.1:1', retries: 0 };
const error = await avro.confluent({ schema: 'int', registry }).encode(1, context).catch((error) => error);
console.log(before, loaded(), bytes.toString('hex'), error.code, error.next);
`,
    );
    const install = 'Install it: npm install @kafkajs/confluent-schema-registry@3';
    expect(await run(process.execPath, ['lazy.js'])).toBe(`false true 04020400 CONFIG ${install}\n`);
  });

  it('has types that infer, under strict settings and with its own declarations checked', async () => {
    await writeFile(
      join(project, 'typed.ts'),
      `import { App, avro, each, json, string } from 'streamerjs';
import { forward } from 'streamerjs/agents';
import { http } from 'streamerjs/models';
import { readCsv } from 'streamerjs/connect';
import { testApp } from 'streamerjs/testing';
import { startBroker } from 'streamerjs/broker';
import { z } from 'zod';
const Order = z.object({ id: z.string(), amount: z.number() });
export const app = new App({ id: 'packed' });
const orders = app.topic('orders', { key: string(), value: json(Order) });
const large = app.topic('large', { key: string(), value: json(Order) });
app.agent('pick', orders, async function* (stream) {
  for await (const order of stream) if (order.value.amount > 1) yield order.value;
}, { to: large });
app.agent('copy', orders, forward(), { to: large });
app.agent('look', orders, each(async (order) => { order.amount.toFixed(2); }));
// @ts-expect-error there is no such field
app.agent('wrong', orders, each(async (order) => { order.nothing; }));
const user = avro({ type: 'record', name: 'User', fields: [{ name: 'id', type: 'long' }] });
app.agent('users', app.topic('users', { key: string(), value: user }), each((value) => { value.id.toFixed(); }));
export const used = [http, readCsv, testApp, startBroker];
`,
    );
    const options = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      types: ['node'],
      skipLibCheck: false,
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['typed.ts'] }));
    await mkdir(join(project, 'node_modules/@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types', 'zod'])
      await symlink(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
    expect(await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', '.']).catch((error: { stdout: string }) => error.stdout)).toBe('');
  }, 60_000);

  it('has both command names, and the apps that ship with it', async () => {
    expect(await run('npx', ['--no-install', 'streamer', '--version'])).toBe(`${manifest.version}\n`);
    expect(await run('npx', ['--no-install', 'streamerjs', 'agents', '-A', 'customer-prediction'])).toMatch(
      /predict +customer_pred +customer_predictions/,
    );
  });

  it('runs a shipped app: a broker, its topics, a worker with the model in process', async () => {
    const main = join(project, 'node_modules/streamerjs/dist/src/cli/main.js');
    await withStreamer(['broker', '--port', '0', '--json'], { main, cwd: project }, async (broker) => {
      const { address } = await broker.untilEvent('ready');
      const options = { main, cwd: project, env: { KAFKA_BROKERS: String(address), MODEL: 'in-process' } };
      const app = ['-A', 'customer-prediction'];
      expect(await runProgram(['topics', 'create', ...app], options)).toMatchObject({ code: 0, stderr: '' });
      await withStreamer(['worker', ...app, '--json'], options, async (worker) => {
        await worker.untilEvent('assigned');
        const sent = await runProgram(['run', ...app, 'simulate', '--limit', '20', '--rate', '0', '--json'], options);
        expect(jsonLines(sent.stdout)).toMatchObject([{ sent: 20, rejected: 0 }]);
        const read = await runProgram(['consume', 'customer_predictions', ...app, '--follow', '--limit', '20', '--json'], options);
        const labels = jsonLines(read.stdout).map(({ value }) => (value as { prediction: string }).prediction);
        expect(labels.filter((label) => label === 'Yes' || label === 'No')).toHaveLength(20);
        expect((await worker.end()).code).toBe(0);
      });
    });
  }, 60_000);

  it('shares one App class with apps in TypeScript, JavaScript, and a module', async () => {
    const plain = await readFile(fixture('same-copy-plain.js'), 'utf8');
    await writeFile(join(project, 'same.js'), plain);
    await writeFile(join(project, 'same.ts'), await readFile(fixture('same-copy.ts'), 'utf8'));
    await mkdir(join(project, 'node_modules/an-app'));
    await writeFile(join(project, 'node_modules/an-app/package.json'), JSON.stringify({ type: 'module', exports: './index.js' }));
    await writeFile(join(project, 'node_modules/an-app/index.js'), plain);
    const streamer = join(project, 'node_modules/.bin/streamer');
    for (const app of ['./same.js', './same.ts', 'an-app'])
      expect([app, await run(streamer, ['run', '-A', app, 'compare'])]).toEqual([app, 'one App\n']);
  });

  it('stays light: at most 29 MB and 40 packages', async () => {
    const { stdout } = await execute('npm', ['ls', '--all', '--parseable', '--omit=peer'], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    );
    const packages = stdout.trim().split('\n').slice(1);
    expect(packages.length).toBeGreaterThan(1);
    expect(packages.length).toBeLessThanOrEqual(40);
    const sizes = await Promise.all(packages.map(async (path) => Number((await execute('du', ['-sk', path])).stdout.split('\t')[0])));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(29 * 1024);
  });

  it('holds what it needs and no more', async () => {
    const { stdout } = await execute('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
    const parsed = JSON.parse(stdout) as unknown;
    const [packed] = (Array.isArray(parsed) ? parsed : Object.values(parsed as object)) as Array<{ files: Array<{ path: string }> }>;
    const paths = packed?.files.map(({ path }) => path) ?? [];
    for (const path of [
      'LICENSE',
      'package.json',
      'dist/src/cli/main.js',
      'dist/src/index.d.ts',
      'dist/examples/customer-prediction/app.js',
    ])
      expect(paths).toContain(path);
    expect(paths.filter((path) => /(^|\/)(test|bench|\.ci|node_modules)\/|\.tsbuildinfo$|\.env|\.pem$|examples\/0/.test(path))).toEqual([]);
  });
});

describe('a clone', () => {
  // npx links a package's own command into its cache: an empty one here, so that nothing of an earlier run helps or hinders.
  it('finds its own command through npx', async () => {
    // Without its scripts: `prepare` builds again, and takes `dist` away from the tests beside this one.
    const env = { npm_config_cache: join(folder, 'cache'), npm_config_ignore_scripts: 'true' };
    expect(await run('npx', ['--no-install', 'streamer', '--version'], ROOT, env)).toBe(`${manifest.version}\n`);
  });
});
