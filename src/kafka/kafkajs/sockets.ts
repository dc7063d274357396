import { connect, isIP } from 'node:net';
import { connect as secure } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;

/**
 * Sockets for kafkajs that send every write at once, as Kafka's Java client does (kafkajs's own ones wait for more to send).
 * While brokers are away kafkajs unreferences a dead socket with every attempt, and each time leaves a listener on it.
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
