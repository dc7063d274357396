#!/usr/bin/env node
import { main } from './program.ts';

const LINGER_MS = 500;

// A child of `streamer dev` stops with it, even when `dev` is killed: the channel closes then.
if (process.env.STREAMER_DEV_CHILD === '1' && process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

process.exitCode = await main(process.argv.slice(2));
// A timer or connection that user code leaves open must not keep a finished command alive.
setTimeout(() => process.exit(), LINGER_MS).unref();
