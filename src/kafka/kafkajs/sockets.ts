import { connect, isIP } from 'node:net';
import { connect as secure } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;

/**
 * Sockets for kafkajs: what is written leaves at once, as with Kafka's Java client (its own ones wait for more to send). It lets
 * go of a dead connection anew with every try while brokers are away, and each time leaves a listener on the dead socket.
 */
export const openSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? secure({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.once('close', () => {
    socket.unref = () => socket;
  });
  return socket;
};
