import { randomBytes } from 'node:crypto';
import { Topics } from './catalog/topics.ts';
import { Groups } from './groups/groups.ts';
import { MemoryLog } from './log/memory-log.ts';
import type { LogEntry, Settings } from './options.ts';

/** One listener, as clients are told of it. */
export interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** As Kafka's `log.retention.check.interval.ms`. */
const RETENTION_CHECK_MS = 300_000;

/** Everything that the nodes of one broker share: topics, groups, producer ids. All of it is run by one thread. */
export class Cluster {
  readonly settings: Settings;
  readonly id = randomBytes(16).toString('base64url');
  readonly topics: Topics;
  readonly groups: Groups;
  readonly log: (entry: LogEntry) => void;
  private readonly listening = new Map<number, Node>();
  private readonly nodeIds: readonly number[];
  private readonly retention: NodeJS.Timeout;
  private lastProducerId = -1;

  constructor(settings: Settings) {
    const { limits, nodes, defaultPartitions } = settings;
    this.settings = settings;
    this.log = settings.log;
    this.nodeIds = Array.from({ length: nodes }, (_, i) => i + 1);
    this.groups = new Groups(limits);
    this.topics = new Topics({
      nodeIds: this.nodeIds,
      defaultPartitions,
      maxPartitions: limits.partitions,
      configDefaults: new Map([['retention.bytes', String(limits.partitionBytes)]]),
      openLog: () => new MemoryLog(),
    });
    this.retention = setInterval(() => this.topics.enforceRetention(Date.now()), RETENTION_CHECK_MS);
    this.retention.unref();
  }

  addNode(node: Node): void {
    this.listening.set(node.id, node);
  }

  nodes(): readonly Node[] {
    return [...this.listening.values()];
  }

  /** kafkajs sends every admin request to the controller, so it must be one of the nodes listed. */
  get controllerId(): number {
    return this.nodeIds[0] as number;
  }

  /** The node that coordinates a group: always the same one for one id. */
  coordinatorOf(groupId: string): Node {
    let hash = 0;
    for (let i = 0; i < groupId.length; i++) hash = (hash * 31 + groupId.charCodeAt(i)) | 0;
    const id = this.nodeIds[Math.abs(hash) % this.nodeIds.length] as number;
    return this.listening.get(id) as Node;
  }

  nextProducerId(): number {
    this.lastProducerId += 1;
    return this.lastProducerId;
  }

  async close(): Promise<void> {
    clearInterval(this.retention);
    this.groups.close();
    await this.topics.close();
  }
}
