import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { jsonLines, run, withFolder } from './helpers.ts';

function leaves(command: Command, path: readonly string[] = []): string[][] {
  if (command.commands.length === 0) return [[...path]];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

async function helpOf(path: readonly string[]): Promise<string> {
  let command: Command = await buildProgram();
  for (const name of path) command = command.commands.find((child) => child.name() === name)!;
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

const commands = leaves(await buildProgram());

describe('help', () => {
  it.each(commands)('of every command has an example: %s %s', async (...path) => {
    expect(await helpOf(path.filter((name) => name !== undefined))).toMatch(/Examples?:\n {2}\$ .*(streamer|kcat) /);
  });

  it('goes to standard output and ends with 0', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['worker', 'topics', 'agents', 'send', 'consume', 'run', 'dev', 'broker']) expect(stdout).toContain(`  ${name}`);
  });

  it('of a command that connects has a flag for every setting, with its default and its environment name', async () => {
    const help = (await helpOf(['worker'])).replace(/\s+/g, ' ');
    expect(help).toContain('--commit-interval-ms <ms> time between two offset commits (default: 500, env: STREAMER_COMMIT_INTERVAL_MS)');
    expect(help).toContain('env: STREAMER_BROKERS or KAFKA_BROKERS');
  });
});

describe('what cannot be understood ends with 2', () => {
  it.each([
    [['wrok'], /unknown command 'wrok'/],
    [['worker', '--brokerz', 'x'], /unknown option '--brokerz'/],
    [['worker', '--brokerz=ann:hunter2@kafka:9092'], /unknown option '--brokerz'\n/],
    [['worker'], /no app given\n {2}Name one: -A/],
    [['worker', '-A', './nowhere.ts'], /no file .*nowhere\.ts/],
    [['consume'], /missing required argument 'topics'/],
    [['consume', 'x', '--from', 'middle'], /--from: expected earliest, latest, an offset, .* or a time, got "middle"/],
    [['consume', 'x', '--limit', '-1'], /--limit: expected a whole number/],
    [['topics', 'describe'], /no app given/],
    [['topics', 'create'], /no app given\n {2}Name one: -A/],
    [['consume', 'x', '--until', 'latest'], /--until: expected an offset or a time, got "latest"/],
    [['consume', 'x', '--from', '5', '--group', 'g'], /--from with an offset or a time does not go with --group/],
    [['consume', 'x', '--show', 'colour'], /--show: expected some of partition,time,headers, got "colour"/],
    [['topics', 'create', 'x', '-p', 'two'], /--partitions: expected a whole number of at least 1, got "two"/],
    [['send', 'x'], /no value given/],
    [['topics', 'list', '--brokers', 'no-port'], /brokers: expected host:port, .* got "no-port" \(from --brokers\)/],
    [['broker', '--durability', 'os'], /durability: without/],
    [['broker', '--host', '0.0.0.0', '--port', '0'], /loopback/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('an app that nobody knows: where was looked, and which names exist', async () => {
    await withFolder(async (folder) => {
      const config = { apps: { shop: './shop.ts' } };
      await writeFile(join(folder, 'streamer.config.json'), JSON.stringify(config));
      const { code, stderr } = await run(['worker', '-A', 'shopp'], { cwd: folder });
      expect(code).toBe(2);
      expect(stderr).toContain('no app named "shopp"');
      expect(stderr).toContain(join(folder, 'streamer.config.json'));
      expect(stderr).toMatch(/Names that exist: shop, .*customer-prediction/);
    });
  });

  it('all problems of the settings together, with the place each came from', async () => {
    const { code, stderr } = await run(['config', '--queue-records', '0'], { env: { STREAMER_COMMIT_INTERVAL_MS: 'soon' } });
    expect(code).toBe(2);
    expect(stderr).toContain('2 problems');
    expect(stderr).toContain('got "soon" (from STREAMER_COMMIT_INTERVAL_MS)');
    expect(stderr).toContain('got "0" (from --queue-records)');
  });

  it('with --json, the error is an object on standard error', async () => {
    const { code, stdout, stderr } = await run(['agents', '-A', 'nope', '--json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(jsonLines(stderr)).toEqual([{ error: { code: 'USAGE', message: expect.stringContaining('no app named "nope"') } }]);
  });

  it.each([
    [['topics', 'list', '--colour', '--json'], "unknown option '--colour'"],
    [['wrok', '--json'], "unknown command 'wrok'"],
    [['consume', '--json'], "missing required argument 'topics'"],
    [['run', '-A', 'customer-prediction', '--json', 'simulate', '--speed', '1'], "unknown option '--speed'"],
    [['run', '-A', 'customer-prediction', 'simulate', '--speed', '1', '--json'], "unknown option '--speed'"],
  ])('with --json, so is an error of usage: %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(jsonLines(stderr)).toEqual([{ error: { code: 'USAGE', message: expect.stringContaining(message) } }]);
  });

  it('never echoes a login that was put into --brokers', async () => {
    for (const [args, env] of [
      [['topics', 'list', '--brokers', 'ann:hunter2@127.0.0.1:1'], {}],
      [['topics', 'list', '--json', '--log-level', 'debug', '--brokers', 'kafka://ann:hunter2@127.0.0.1:1'], {}],
      [['config'], { KAFKA_BROKERS: 'ann:hunter2@127.0.0.1:1' }],
    ] as const) {
      const { code, stdout, stderr } = await run(args, { env });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('a login goes into saslUsername and saslPassword');
      expect(stderr).not.toMatch(/hunter2|ann/);
    }
  });

  it('stacks are shown only when asked for', async () => {
    expect((await run(['agents', '-A', 'nope'])).stderr).not.toMatch(/\n\s+at /);
    expect((await run(['agents', '-A', 'nope', '--log-level', 'debug'])).stderr).toMatch(/\n\s+at /);
  });
});

describe('no broker ends with 2 and the two ways on', () => {
  it.each([[['topics', 'list']], [['consume', 'orders']], [['send', 'orders', 'x']]])('%j', async (args) => {
    const { code, stdout, stderr } = await run([...args, '--brokers', '127.0.0.1:1']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('no Kafka broker answers at 127.0.0.1:1 (from --brokers): ECONNREFUSED');
    expect(stderr).toContain('node_modules/.bin/streamer broker');
    expect(stderr).toContain('KAFKA_BROKERS');
  });
});
