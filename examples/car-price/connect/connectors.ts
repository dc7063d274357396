import { PREDICTED, TABLE } from '../car.ts';

/** Postgres, as Kafka Connect reaches it. */
export interface ConnectDatabase {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** Names of the connectors in Kafka Connect, as the original project has them. */
export const SOURCE_CONNECTOR = 'source_pg_car_connector';
export const SINK_CONNECTOR = 'sink_pg_car_connector';

export type ConnectorConfig = Readonly<Record<string, string>>;

const CONVERTERS: ConnectorConfig = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'true',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'true',
};

/** Debezium's connector for Postgres, by the plugin that every server has. */
export function postgresConnector({ host, port, database, user, password }: ConnectDatabase): ConnectorConfig {
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'plugin.name': 'pgoutput',
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'database.password': password,
    'database.dbname': database,
  };
}

/** Debezium's source: the topics, keys and values that `postgresChanges` gives in `app.ts`. */
export function sourceConnector(database: ConnectDatabase): ConnectorConfig {
  return {
    ...postgresConnector(database),
    'topic.prefix': 'car_database',
    'table.include.list': `public.${TABLE}`,
    'publication.autocreate.mode': 'filtered',
    'slot.name': 'debezium',
    'slot.drop.on.stop': 'false',
    'topic.creation.default.replication.factor': '-1',
    'topic.creation.default.partitions': '2',
    transforms: 'unwrap',
    'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    ...CONVERTERS,
  };
}

/** Debezium's JDBC sink: the table that `postgresUpsert` writes in `app.ts`, without the columns of its guard. */
export function sinkConnector({ host, port, database, user, password }: ConnectDatabase): ConnectorConfig {
  return {
    'connector.class': 'io.debezium.connector.jdbc.JdbcSinkConnector',
    topics: PREDICTED,
    'connection.url': `jdbc:postgresql://${host}:${port}/${database}`,
    'connection.username': user,
    'connection.password': password,
    'insert.mode': 'upsert',
    'primary.key.mode': 'record_key',
    'delete.enabled': 'true',
    'schema.evolution': 'basic',
    ...CONVERTERS,
  };
}

/** Parses a URL as `postgresql://user:password@host:5432/database`. */
export function databaseOf(url: string): ConnectDatabase {
  const { hostname, port, pathname, username, password } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 5432),
    database: decodeURIComponent(pathname.slice(1)),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}
