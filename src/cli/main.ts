#!/usr/bin/env node
import { main } from './program.ts';

const LINGER_MS = 500;

process.exitCode = await main(process.argv.slice(2));
// A timer or connection that user code left open must not keep a finished command alive.
setTimeout(() => process.exit(), LINGER_MS).unref();
