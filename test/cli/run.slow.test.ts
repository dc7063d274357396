import { describe, expect, it } from 'vitest';
import { fixture, jsonLines, run, withStreamer } from './helpers.ts';

const APP = fixture('shop.ts');

describe('streamer run', () => {
  it('lists the commands of an app', async () => {
    const people = await run(['run', '-A', APP]);
    expect(people).toMatchObject({ code: 0, stdout: expect.stringMatching(/greet +says hello/) });
    const programs = await run(['run', '-A', APP, '--json']);
    expect(jsonLines(programs.stdout)).toContainEqual({ command: 'greet', about: 'says hello' });
  });

  it("parses the command's own options and arguments", async () => {
    expect(await run(['run', '-A', APP, 'greet', '--word', 'hi', 'Ann', 'Bob'])).toMatchObject({ code: 0, stdout: 'hi Ann and Bob\n' });
  });

  it("shows the command's own help", async () => {
    const { code, stdout } = await run(['run', '-A', APP, 'greet', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--word <word>');
  });

  it('ends with 2 for an unknown command or option, with 1 when the command fails', async () => {
    expect(await run(['run', '-A', APP, 'gret'])).toMatchObject({ code: 2, stderr: expect.stringContaining('It has: greet, fail, wait.') });
    expect(await run(['run', '-A', APP, 'greet', '--wrod', 'x'])).toMatchObject({ code: 2 });
    expect(await run(['run', '-A', APP, 'fail'])).toMatchObject({ code: 1, stderr: expect.stringContaining('the command went wrong') });
  });

  it('tells the command of a signal', async () => {
    await withStreamer(['run', '-A', APP, 'wait'], {}, async (streamer) => {
      await streamer.until((stdout) => stdout.includes('waiting'));
      expect(await streamer.end('SIGINT')).toMatchObject({ code: 0, stdout: 'waiting\nasked to stop\n' });
    });
  });
});

describe('streamer agents', () => {
  it('prints the table of agents', async () => {
    const { code, stdout } = await run(['agents', '-A', APP]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/agent +source +to +order +lanes +on error/);
    expect(stdout).toMatch(/slow +shop-orders +- +none +4 +stop/);
  });

  it('with --json, an object per agent', async () => {
    expect(jsonLines((await run(['agents', '-A', APP, '--json'])).stdout)[0]).toMatchObject({
      name: 'pick-large',
      sources: ['shop-orders'],
      to: ['shop-large'],
    });
  });
});

describe('streamer config', () => {
  it('shows each value with its origin; a flag wins over the environment', async () => {
    const env = { STREAMER_COMMIT_INTERVAL_MS: '250', STREAMER_QUEUE_RECORDS: '7' };
    const lines = jsonLines((await run(['config', '--json', '--queue-records', '9'], { env })).stdout);
    expect(lines).toContainEqual({ setting: 'commitIntervalMs', value: 250, layer: 'environment', source: 'STREAMER_COMMIT_INTERVAL_MS' });
    expect(lines).toContainEqual({ setting: 'queueRecords', value: 9, layer: 'flag', source: '--queue-records' });
    expect(lines).toContainEqual({ setting: 'sessionTimeoutMs', value: 10_000, layer: 'default' });
  });

  it('does not show the password', async () => {
    const { stdout } = await run(['config', '--sasl-username', 'ann'], { env: { STREAMER_SASL_PASSWORD: 'not-for-eyes' } });
    expect(stdout).toMatch(/saslUsername +ann +flag --sasl-username/);
    expect(stdout).toMatch(/saslPassword +\(hidden\) +environment STREAMER_SASL_PASSWORD/);
    expect(stdout).not.toContain('not-for-eyes');
  });
});
