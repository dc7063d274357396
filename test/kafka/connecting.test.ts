import { expect, it } from 'vitest';
import { startBroker } from '../../src/broker/index.ts';
import { createCluster } from '../../src/kafka/kafkajs/cluster.ts';
import { readMetadata } from '../../src/kafka/kafkajs/metadata.ts';

it('a request that shares a connection whose versions are still asked for waits for them', async () => {
  const broker = await startBroker();
  const cluster = createCluster({ clientId: 'connecting', brokers: [broker.address] });
  try {
    const fault = await broker.fault({ api: 'ApiVersions', delayMs: 300 });
    const connecting = cluster.connect();
    while ((await fault.hits()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    // The socket is there: kafkajs calls the broker connected. After an outage several callers meet so.
    const found = await cluster.brokerPool.findConnectedBroker();
    expect(found.versions).toBeNull();
    await expect(readMetadata(cluster, [])).resolves.toEqual([]);
    await connecting;
  } finally {
    await cluster.disconnect();
    await broker.close();
  }
});
