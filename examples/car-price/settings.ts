import { ConfigError } from 'streamerjs';

/** Where the app finds what it works with. `own`: our source or sink runs in the worker; `connect`: Kafka Connect does it. */
export interface Settings {
  readonly postgresUrl: string;
  readonly modelUrl: string;
  readonly source: 'own' | 'connect';
  readonly sink: 'own' | 'connect';
}

/** Below the ports that systems give to outgoing connections. */
const POSTGRES_PORT = 25_432;
const MODEL_PORT = 3_001;

/** From POSTGRES_URL, MODEL_URL, CAR_PRICE_SOURCE and CAR_PRICE_SINK. @throws ConfigError */
export function settingsOf(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    postgresUrl: env.POSTGRES_URL || `postgresql://postgres:postgres@127.0.0.1:${POSTGRES_PORT}/car_database`,
    modelUrl: env.MODEL_URL || `http://127.0.0.1:${MODEL_PORT}/predict`,
    source: who('CAR_PRICE_SOURCE', env.CAR_PRICE_SOURCE),
    sink: who('CAR_PRICE_SINK', env.CAR_PRICE_SINK),
  };
}

function who(name: string, value: string | undefined): 'own' | 'connect' {
  if (value === undefined || value === '' || value === 'own') return 'own';
  if (value === 'connect') return value;
  throw new ConfigError(`${name} must be "own" or "connect", got ${JSON.stringify(value)}`);
}
