import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { app } from '../../examples/car-price/app.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { settings } from '../../src/config/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/car-price');

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

const { services } = parse(readFileSync(join(EXAMPLE, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);

/** Fails for a command line that the program would not take. */
async function understood(args: readonly string[]): Promise<string[]> {
  const program = await buildProgram();
  let operands: string[] | undefined;
  const listen = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    if (command.commands.length === 0)
      command.action(() => {
        operands = command.args;
      });
    for (const child of command.commands) listen(child);
  };
  listen(program);
  await program.parseAsync([...args], { from: 'user' });
  if (operands === undefined) throw new Error('no command');
  return operands;
}

it('the stack of car-price has its parts, and they wait for one another', () => {
  expect(Object.keys(services).sort()).toEqual(
    ['adminer', 'connect', 'connectors', 'kafka', 'model', 'postgres', 'registry', 'topics', 'worker'].sort(),
  );
  for (const [name, { depends_on: needs = {} }] of Object.entries(services)) {
    for (const [needed, { condition }] of Object.entries(needs)) {
      expect(services[needed], `${name} needs ${needed}`).toBeDefined();
      if (condition === 'service_healthy') expect(services[needed]?.healthcheck, needed).toBeDefined();
    }
  }
  for (const mount of services.postgres?.volumes?.filter((volume) => volume.startsWith('./')) ?? []) {
    expect(existsSync(join(EXAMPLE, String(mount.split(':')[0])))).toBe(true);
  }
});

it.each(ours)(
  '%s: the program and the app understand its command line, and its variables',
  async (_, { command = [], environment = {} }) => {
    const operands = await understood(command);
    if (command[0] === 'model') expect(existsSync(join(ROOT, String(operands[0])))).toBe(true);
    if (command[0] === 'run') {
      const declared = app.commands.get(String(operands[0]));
      const own = new Command().exitOverride();
      declared?.configure(own);
      expect(declared && own.parse(operands.slice(1), { from: 'user' })).toBeDefined();
    }
    const known = Object.values(settings).flatMap(({ env }) => env);
    const sources = readdirSync(EXAMPLE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const text = sources.map((name) => readFileSync(join(EXAMPLE, name), 'utf8')).join('\n');
    for (const name of Object.keys(environment)) expect(known.includes(name) || text.includes(name), name).toBe(true);
    expect(environment).toMatchObject({
      KAFKA_BROKERS: 'kafka:9092',
      MODEL_URL: `http://model:${services.model?.command?.at(-1)}/predict`,
    });
  },
);
