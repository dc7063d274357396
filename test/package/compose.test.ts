import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { app } from '../../examples/customer-prediction/app.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { settings } from '../../src/config/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: { readonly replicas: number };
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as { readonly services: Readonly<Record<string, Service>> };
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

/** Parses a command line as the program would, without doing it; throws what commander says of it. */
async function understood(args: readonly string[]): Promise<{ path: string; operands: string[]; options: Record<string, unknown> }> {
  const program = await buildProgram();
  let seen: { path: string; operands: string[]; options: Record<string, unknown> } | undefined;
  const listen = (command: Command, path: string) => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command.commands.length === 0)
      command.action(() => {
        seen = { path, operands: command.args, options: command.opts() };
      });
    for (const child of command.commands) listen(child, `${path} ${child.name()}`.trim());
  };
  listen(program, '');
  await program.parseAsync([...args], { from: 'user' });
  if (seen === undefined) throw new Error('no command');
  return seen;
}

describe('docker-compose.yml', () => {
  it('has the parts of the system', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['kafka', 'model', 'simulator', 'topics', 'worker']);
    expect(compose.services['worker']?.deploy?.replicas).toBe(2);
  });

  it.each(ours)('%s: its command line is one that the program and the app understand', async (_, { command }) => {
    const { path, operands, options } = await understood(command ?? []);
    expect(options['app']).toBe(app.id);
    expect(existsSync(join(ROOT, 'examples', String(options['app']), 'app.ts'))).toBe(true);
    if (path !== 'run') return;
    const [name, ...args] = operands;
    const declared = app.commands.get(String(name));
    expect(declared, `command ${name}`).toBeDefined();
    const own = new Command(name).exitOverride().configureOutput({ writeErr: () => undefined });
    declared?.configure(own);
    expect(() => own.parse(args, { from: 'user' })).not.toThrow();
  });

  it.each(ours)('%s: every variable is one that the code reads', (_, { environment }) => {
    const known = Object.values(settings).flatMap(({ env }) => env);
    const sources = readdirSync(join(ROOT, 'examples/customer-prediction'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(`examples/customer-prediction/${name}`))
      .join('\n');
    for (const name of Object.keys(environment)) expect(known.includes(name) || new RegExp(`\\b${name}\\b`).test(sources), name).toBe(true);
  });

  it('addresses fit together', () => {
    const { kafka, model, worker } = compose.services;
    const listeners = String(kafka?.environment['KAFKA_ADVERTISED_LISTENERS']).split(',');
    for (const [, { environment }] of ours) expect(listeners).toContain(`INTERNAL://${environment['KAFKA_BROKERS']}`);
    const [published] = kafka?.ports ?? [];
    expect(published).toBe('127.0.0.1:29092:29092');
    expect(settings.brokers.byDefault).toEqual(['127.0.0.1:29092']);
    expect(listeners).toContain('HOST://127.0.0.1:29092');
    expect(worker?.environment['MODEL_URL']).toBe(`http://model:${model?.command?.at(-1)}/predict`);
    expect(model?.healthcheck?.test.join(' ')).toContain(`:${model?.command?.at(-1)}/health`);
  });

  it('waits for what is there, and healthy', () => {
    for (const [name, { depends_on = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const target = compose.services[needed];
        expect(target, `${name} needs ${needed}`).toBeDefined();
        if (condition === 'service_healthy') expect(target?.healthcheck, needed).toBeDefined();
        else expect([name, condition]).toEqual([name, 'service_completed_successfully']);
      }
    }
  });

  it('every image has a version', () => {
    for (const [, { image }] of services) expect(image).toMatch(/^[\w./-]+:\d+\.\d+/);
    for (const line of read('Dockerfile').match(/^FROM \S+/gm) ?? []) expect(line).toMatch(/:\d+\.\d+/);
  });
});

describe('Dockerfile', () => {
  it('copies only what exists and is not ignored', () => {
    const ignored = read('.dockerignore').split('\n').filter(Boolean);
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => String(paths).split(' '));
    expect(copied.length).toBeGreaterThan(0);
    for (const path of copied) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      expect(ignored).not.toContain(path);
    }
  });

  it('starts the command line, not as root', () => {
    const manifest = JSON.parse(read('package.json')) as { bin: Record<string, string> };
    expect(read('Dockerfile')).toContain(`ENTRYPOINT ["node", "${manifest.bin['streamer']?.replace('./', '')}"]`);
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
  });
});
