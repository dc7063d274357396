import type { Admin } from 'kafkajs';
import { within } from '../../../timing/index.ts';
import type { KafkaClientOptions } from '../../client.ts';
import { type Cluster, createCluster, createKafka } from '../cluster.ts';
import { wrapped } from '../errors.ts';

const CLOSE_MS = 3_000;

/** The connections of one admin: kafkajs's, and a cluster for our own requests. */
export class AdminSession {
  readonly admin: Admin;
  readonly cluster: Cluster;
  readonly options: KafkaClientOptions;

  constructor(options: KafkaClientOptions) {
    this.admin = createKafka(options).admin();
    this.cluster = createCluster(options);
    this.options = options;
  }

  open(): Promise<void> {
    return wrapped('connecting', async () => {
      await Promise.all([this.admin.connect(), this.cluster.connect()]);
    });
  }

  async close(): Promise<void> {
    await within(Promise.allSettled([this.admin.disconnect(), this.cluster.disconnect()]), CLOSE_MS);
  }
}
