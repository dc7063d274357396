import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openSocket } from '../../src/kafka/kafkajs/sockets.ts';

const server = createServer((socket) => socket.end());
afterEach(() => server.close());

it('leaves nothing on a dead socket, however often the client lets go of it', async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = openSocket({ host: '127.0.0.1', port, ssl: undefined as never, onConnect: () => {} });
  socket.on('data', () => {});
  await once(socket, 'close');
  const before = socket.listenerCount('connect');
  for (let i = 0; i < 20; i++) socket.unref();
  expect(socket.listenerCount('connect')).toBe(before);
});
