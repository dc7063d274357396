"""kafka-python: produces, consumes with a group, transacts. Prints one JSON object."""
import json
import sys

import kafka
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.structs import OffsetAndMetadata

brokers, count = sys.argv[1], 1000
admin = KafkaAdminClient(bootstrap_servers=brokers)
try:
    admin.create_topics([NewTopic("kp-in", 2, 1), NewTopic("kp-out", 2, 1)])
except TypeError:
    admin.create_topics({"kp-in": {"num_partitions": 2, "replication_factor": 1}, "kp-out": {"num_partitions": 2, "replication_factor": 1}})

producer = KafkaProducer(bootstrap_servers=brokers, acks="all")
for i in range(count):
    producer.send("kp-in", key=str(i % 10).encode(), value=str(i).encode())
producer.flush()
producer.close()


def consumer(topic, group, **more):
    return KafkaConsumer(topic, bootstrap_servers=brokers, group_id=group, auto_offset_reset="earliest", consumer_timeout_ms=8000,
                         enable_auto_commit=False, **more)


reader = consumer("kp-in", "kp-copy", isolation_level="read_committed")
writer = KafkaProducer(bootstrap_servers=brokers, transactional_id="kp", acks="all", enable_idempotence=True)
writer.init_transactions()
seen = copied = 0
while seen < count:
    batches = reader.poll(timeout_ms=5000, max_records=100)
    if not batches:
        break
    writer.begin_transaction()
    offsets = {}
    for partition, records in batches.items():
        for record in records:
            writer.send("kp-out", key=record.key, value=record.value)
        offsets[TopicPartition(partition.topic, partition.partition)] = OffsetAndMetadata(records[-1].offset + 1, "", -1)
        seen += len(records)
    writer.send_offsets_to_transaction(offsets, "kp-copy")
    writer.commit_transaction()
writer.begin_transaction()
writer.send("kp-out", value=b"aborted")
writer.flush()
writer.abort_transaction()
writer.close()
reader.close()

check = consumer("kp-out", "kp-check", isolation_level="read_committed")
values = []
for record in check:
    values.append(record.value)
    if len(values) >= count:
        break
check.close()
ok = sorted(values) == sorted(str(i).encode() for i in range(count))
print(json.dumps({"version": kafka.__version__, "produced": count, "consumed": seen, "transacted": len(values) if ok else -1, "ok": ok}))
sys.exit(0 if ok else 1)
