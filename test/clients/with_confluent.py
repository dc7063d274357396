"""confluent-kafka-python (librdkafka): produces with every codec, consumes with a group, transacts. Prints one JSON object."""
import json
import sys

import confluent_kafka
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

brokers, count = sys.argv[1], 1000
base = {"bootstrap.servers": brokers}
admin = AdminClient(base)
for future in admin.create_topics([NewTopic("ck-in", 2, 1), NewTopic("ck-out", 2, 1)]).values():
    future.result()

codecs = ["none", "gzip", "snappy", "lz4", "zstd"]
for part, codec in enumerate(codecs):
    producer = Producer({**base, "enable.idempotence": True, "compression.codec": codec, "linger.ms": 20})
    for i in range(part, count, len(codecs)):
        producer.produce("ck-in", key=str(i % 10), value=str(i), headers=[("codec", codec.encode()), ("none", None)])
    producer.flush(20)


def consumer(group):
    return Consumer({**base, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False, "check.crcs": True, "isolation.level": "read_committed"})


reader = consumer("ck-copy")
reader.subscribe(["ck-in"])
writer = Producer({**base, "transactional.id": "ck"})
writer.init_transactions(20)
seen = 0
while seen < count:
    messages = reader.consume(100, 5)
    if not messages:
        break
    writer.begin_transaction()
    for message in messages:
        writer.produce("ck-out", key=message.key(), value=message.value())
    seen += len(messages)
    writer.send_offsets_to_transaction(reader.position(reader.assignment()), reader.consumer_group_metadata())
    writer.commit_transaction(20)
writer.begin_transaction()
writer.produce("ck-out", value="aborted")
writer.flush(20)
writer.abort_transaction(20)
reader.close()

check = consumer("ck-check")
check.subscribe(["ck-out"])
values = []
while len(values) < count:
    messages = check.consume(100, 5)
    if not messages:
        break
    values += [message.value() for message in messages]
check.close()
ok = sorted(values) == sorted(str(i).encode() for i in range(count))
version = f"{confluent_kafka.__version__} (librdkafka {confluent_kafka.libversion()[0]})"
print(json.dumps({"version": version, "produced": count, "consumed": seen, "transacted": len(values) if ok else -1, "ok": ok}))
sys.exit(0 if ok else 1)
