import { startServices } from '../services.ts';

/** The services alone, as a process of `npm run example:car-price`: prints where they are, and stops when it is told to or its parent is gone. */
const weights = process.argv[2];
const services = await startServices({ postgresPort: 0, modelPort: 0, weights });
const { postgresUrl, modelUrl } = services;
process.stdout.write(`${JSON.stringify({ postgresUrl, modelUrl })}\n`);
let isStopping = false;
const stop = () => {
  if (isStopping) return;
  isStopping = true;
  void services.stop().then(() => process.exit(0));
};
process.once('SIGTERM', stop).once('SIGINT', stop);
services.orphaned.addEventListener('abort', stop);
