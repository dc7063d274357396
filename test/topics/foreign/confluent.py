"""Confluent's Python client and fastavro, on the cases of cases.json.

    python confluent.py write REGISTRY SUFFIX < cases.json     bytes as these libraries write them
    python confluent.py read REGISTRY < written.json           what they read of bytes that were written elsewhere

pip install 'confluent-kafka[avro,json]' fastavro
"""
import datetime
import decimal
import io
import json
import sys
import uuid

import fastavro
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def native(value):
    """The value that a tagged one of cases.json stands for."""
    if isinstance(value, list):
        return [native(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "$branch" in value:
        return (value["$branch"], native(value["value"]))
    if "$bytes" in value:
        return bytes.fromhex(value["$bytes"])
    if "$decimal" in value:
        return decimal.Decimal(value["$decimal"])
    if "$date" in value:
        return datetime.date.fromisoformat(value["$date"])
    if "$millis" in value:
        return EPOCH + datetime.timedelta(milliseconds=value["$millis"])
    if "$micros" in value:
        return EPOCH + datetime.timedelta(microseconds=int(value["$micros"]))
    if "$uuid" in value:
        return uuid.UUID(value["$uuid"])
    if "$long" in value:
        return int(value["$long"])
    return {key: native(each) for key, each in value.items()}


def bare(value):
    """A value as readers give it: the branch of a union is not told."""
    if isinstance(value, tuple):
        return bare(value[1])
    if isinstance(value, list):
        return [bare(each) for each in value]
    if isinstance(value, dict):
        return {key: bare(each) for key, each in value.items()}
    return value


def context(case):
    return SerializationContext(case["topic"], MessageField.VALUE)


def write(case, client, suffix):
    case["topic"] = "foreign-" + case["name"].replace(" ", "-") + suffix
    text = json.dumps(case["schema"])
    if case.get("kind") == "json":
        serialize = JSONSerializer(text, client)
        case["bytes"] = [serialize(value, context(case)).hex() for value in case["values"]]
        return case
    serialize = AvroSerializer(client, text)
    schema = fastavro.parse_schema(case["schema"])
    case["bytes"] = []
    case["bare"] = []
    for value in case["values"]:
        # The client takes None for a tombstone.
        case["bytes"].append(None if value is None else serialize(native(value), context(case)).hex())
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, native(value))
        case["bare"].append(out.getvalue().hex())
    return case


def read(case, client):
    if case.get("kind") == "json":
        deserialize = JSONDeserializer(json.dumps(case["schema"]))
    else:
        deserialize = AvroDeserializer(client)
        schema = fastavro.parse_schema(case["schema"])
    wrong = []
    for index, value in enumerate(case["values"]):
        expected = bare(native(value))
        got = [] if case["bytes"][index] is None else [bare(deserialize(bytes.fromhex(case["bytes"][index]), context(case)))]
        if "bare" in case:
            got.append(bare(fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(case["bare"][index])), schema)))
        wrong += [f"{case['name']}[{index}]: expected {expected!r}, got {each!r}" for each in got if each != expected]
    return wrong


def main():
    client = SchemaRegistryClient({"url": sys.argv[2]})
    cases = json.load(sys.stdin)
    if sys.argv[1] == "write":
        json.dump([write(case, client, sys.argv[3]) for case in cases], sys.stdout)
    else:
        json.dump([problem for case in cases for problem in read(case, client)], sys.stdout)


main()
