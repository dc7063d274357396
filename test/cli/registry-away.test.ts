import { expect, it } from 'vitest';
import { unique } from '../helpers/broker.ts';
import { RegistryGate, testRegistry } from '../helpers/registry.ts';
import { fixture, run, withStreamer } from './helpers.ts';

it('a schema registry that is away when a worker starts is waited for, visibly', async () => {
  const server = await testRegistry();
  const gate = await new RegistryGate(server.url).open();
  const app = fixture('avro-shop.ts');
  const env = { SHOP_PREFIX: unique('away'), SCHEMA_REGISTRY_URL: gate.url };
  try {
    expect(await run(['topics', 'create', '-A', app], { env })).toMatchObject({ code: 0 });
    expect(await run(['schemas', 'register', '-A', app], { env })).toMatchObject({ code: 0 });
    await gate.shut();
    await withStreamer(['worker', '-A', app], { env }, async (worker) => {
      await worker.until((_, stderr) => /not ready yet: schema registry .* cannot be reached/.test(stderr));
      expect(worker.process.exitCode).toBeNull();
      await gate.open();
      await worker.until((stdout) => stdout.includes('ready in'));
      expect((await worker.end()).code).toBe(0);
    });
  } finally {
    await run(['topics', 'delete', '-A', app, '--yes'], { env });
    await gate.shut();
    await server.close();
  }
}, 90_000);
