import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { until } from '../helpers/app.ts';

const JITI = fileURLToPath(import.meta.resolve('jiti/package.json')).replace(/package\.json$/, 'lib/jiti-cli.mjs');
const SOAK = fileURLToPath(new URL('soak.ts', import.meta.url));

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

it('a soak that is interrupted takes its broker with it', async () => {
  const soak = spawn(process.execPath, [JITI, SOAK, '--rounds', '1', '--restarts', '0', '--out', '/dev/null'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  soak.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => soak.once('exit', resolve));
  try {
    await until(
      () => said,
      (text) => /rounds on the broker at .*:\d+\n/.test(text),
      60_000,
    );
    const port = Number(/:(\d+)\n/.exec(said)?.[1]);
    expect(await answers(port)).toBe(true);
    soak.kill('SIGTERM');
    expect(await ended).toBe(143);
    await until(
      () => answers(port),
      (isOpen) => !isOpen,
    );
  } finally {
    soak.kill('SIGKILL');
  }
}, 120_000);
