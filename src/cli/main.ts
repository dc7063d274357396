#!/usr/bin/env node
import { main } from './program.ts';

/** Time for standard output to be read by a slow pipe after all is done. */
const LINGER_MS = 3_000;

process.exitCode = await main(process.argv.slice(2));
// A connection that somebody left open must not keep a finished command alive.
setTimeout(() => process.exit(), LINGER_MS).unref();
