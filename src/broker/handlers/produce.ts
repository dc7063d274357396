import type { Partition } from '../catalog/partition.ts';
import type { Request } from '../protocol/api.ts';
import { produce } from '../protocol/apis/data.ts';
import { ErrorCode, Refusal } from '../protocol/error-code.ts';
import { type Context, failureOf, handler } from './handler.ts';

type ProduceRequest = Request<typeof produce>;
type PartitionData = ProduceRequest['topics'][number]['partitions'][number];

export const handleProduce = handler(produce, async (request, context) => {
  const now = Date.now();
  const written = new Set<Partition>();
  const topics = request.topics.map((topic) => ({
    name: topic.name,
    partitions: topic.partitions.map((data) => append(request, topic.name, data, context, now, written)),
  }));
  await flush(written);
  return request.acks === 0 ? undefined : { topics };
});

function append(
  request: ProduceRequest,
  topic: string,
  data: PartitionData,
  { cluster, node }: Context,
  now: number,
  written: Set<Partition>,
) {
  const { index, records } = data;
  try {
    checkRequest(request);
    const partition = cluster.topics.partition(topic, index);
    if (partition.leader !== node.id) throw new Refusal('NOT_LEADER_OR_FOLLOWER', `node ${partition.leader} leads the partition`);
    const bytes = records?.[0];
    if (bytes === undefined || bytes.length === 0) throw new Refusal('INVALID_RECORD', 'there are no records');
    const appended = partition.append(bytes, now);
    written.add(partition);
    return { index, errorCode: ErrorCode.NONE, ...appended, logStartOffset: partition.log.startOffset };
  } catch (error) {
    return { index, ...failureOf(error), baseOffset: -1 };
  }
}

function checkRequest({ acks, transactionalId }: ProduceRequest): void {
  if (acks < -1 || acks > 1) throw new Refusal('INVALID_REQUIRED_ACKS', `acks ${acks} is none of -1, 0, 1`);
  if (transactionalId !== null) throw new Refusal('INVALID_TXN_STATE', 'no transaction is open for this producer');
}

/** Waits only where the storage asks for it, so that memory answers in the same tick. */
async function flush(partitions: ReadonlySet<Partition>): Promise<void> {
  const pending = [...partitions].map((partition) => partition.log.flushed()).filter((flushed) => flushed !== undefined);
  if (pending.length > 0) await Promise.all(pending);
}
