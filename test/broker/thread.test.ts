import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { threadFile } from '../../src/broker/host/thread-file.ts';
import type * as BrokerModule from '../../src/broker/index.ts';
import { apiVersions } from '../../src/wire/apis/admin.ts';
import { Wire } from '../helpers/wire.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'streamer-broker-'));
let built: typeof BrokerModule;

/** A thread needs JavaScript: the broker is compiled as it is now, apart from any build that may lie about. */
beforeAll(async () => {
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { rootDir: root, outDir: folder, declaration: false },
    include: [join(root, 'src/broker')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const compiled = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
  expect(compiled.stdout + compiled.stderr).toBe('');
  built = (await import(pathToFileURL(join(folder, 'src/broker/index.js')).href)) as typeof BrokerModule;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('a broker in a thread', () => {
  it('answers while the main thread is blocked, and is gone after close', async () => {
    const broker = await built.startBrokerThread({ nodes: 2 });
    expect(broker.ports).toHaveLength(2);
    const script = `const s=require('net').connect(${broker.ports[0]},'127.0.0.1',()=>s.write(Buffer.from([0,0,0,10,0,18,0,0,0,0,0,7,255,255])));s.on('data',(d)=>{console.log(d.readInt32BE(4));process.exit()})`;
    // spawnSync blocks this thread until the other process has its answer.
    const asked = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 10_000 });
    expect(asked.stdout.trim()).toBe('7');
    await broker.close();
    await broker.close();
    await expect(Wire.connect(broker.address.split(',')[0])).rejects.toThrow();
  });

  it('hands its log on', async () => {
    const entries: BrokerModule.LogEntry[] = [];
    const broker = await built.startBrokerThread({ onLog: (entry) => entries.push(entry) });
    const wire = await Wire.connect(broker.address);
    wire.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await wire.closed();
    await expect.poll(() => entries).toMatchObject([{ level: 'warn', message: expect.stringContaining('is this a Kafka client') }]);
    await broker.close();
  });

  it('has fault switches, a clock and a dump like one in the same thread', async () => {
    const broker = await built.startBrokerThread({ clock: 'manual' });
    const wire = await Wire.connect(broker.address);
    const fault = await broker.fault({ api: 'ApiVersions', error: 'COORDINATOR_NOT_AVAILABLE', times: 5 });
    expect((await wire.send(apiVersions, 0, {})).errorCode).toBe(15);
    expect(await fault.hits()).toBe(1);
    await fault.clear();
    expect((await wire.send(apiVersions, 0, {})).errorCode).toBe(0);
    const { now } = await broker.dump();
    await broker.advance(5000);
    expect(await broker.dump()).toMatchObject({ now: now + 5000, nodes: [{ port: broker.ports[0] }] });
    await expect(broker.fault({ api: 'Nothing', disconnect: true })).rejects.toMatchObject({ code: 'CONFIG' });
    wire.close();
    await broker.close();
    await expect(broker.dump()).rejects.toThrow('closed');
  });

  it('fails as one in the same thread does', async () => {
    const first = await built.startBrokerThread();
    const port = first.ports[0] as number;
    await expect(built.startBrokerThread({ port })).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(String(port)),
      next: expect.stringContaining('--port'),
    });
    await expect(built.startBrokerThread({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'CONFIG' });
    const wire = await Wire.connect(first.address);
    expect((await wire.send(apiVersions, 0, {})).errorCode).toBe(0);
    wire.close();
    await first.close();
  });
});

it('from sources that were never built, a thread says what to do', () => {
  const nowhere = pathToFileURL(join(folder, 'none/src/broker/host/thread.ts')).href;
  expect(() => threadFile(nowhere)).toThrow(expect.objectContaining({ code: 'CONFIG', next: expect.stringContaining('npm run build') }));
});
