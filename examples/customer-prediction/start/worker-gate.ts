/**
 * Loaded into a worker before the command line. It loads the modules that a worker needs while the broker starts and topics
 * are created, and waits; the parent then sends the settings that were not known before, and `streamer worker` begins.
 */
const worker = new URL('./cli/worker/run.js', import.meta.resolve('streamerjs')).href;
await Promise.all([import(worker), import('streamerjs'), import('streamerjs/models'), import('valibot'), import('undici')]);
// The guard has let go of the channel; while we wait for it, nothing else keeps this process alive.
process.channel?.ref();
const settings = await new Promise<Record<string, string>>((resolve) =>
  process.once('message', (message) => resolve(message as Record<string, string>)),
);
Object.assign(process.env, settings);
process.channel?.unref();

export {};
