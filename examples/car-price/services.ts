import { readFile } from 'node:fs/promises';
import { serveModel } from 'streamerjs/web';
import { asset } from './assets.ts';
import { priceModel } from './model/price-model.ts';
import { loadPg } from './postgres/client.ts';
import { PostgresServer } from './postgres/server.ts';

export interface ServicesOptions {
  /** 0 takes a free one. */
  readonly postgresPort: number;
  readonly modelPort: number;
  /** XGBoost JSON, its features beside it. @default the weights that ship */
  readonly weights?: string | undefined;
}

export interface Services {
  readonly postgresUrl: string;
  /** Of `POST /predict`. */
  readonly modelUrl: string;
  /** Aborted when the process that started this one is gone. */
  readonly orphaned: AbortSignal;
  stop(): Promise<void>;
}

const LOOK_MS = 500;

/** An embedded Postgres with the table of cars, and the model behind `POST /predict`, in columns as BentoML's service took them. */
export async function startServices({
  postgresPort,
  modelPort,
  weights = asset('model/weights.json'),
}: ServicesOptions): Promise<Services> {
  const { Client } = await loadPg();
  const postgres = await PostgresServer.start({ port: postgresPort === 0 ? undefined : postgresPort });
  try {
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(await readFile(asset('table.sql'), 'utf8'));
    await client.end();
    const model = await serveModel({ model: priceModel(weights), protocols: ['columnar'], port: modelPort });
    const watch = watchParent();
    return {
      postgresUrl: postgres.url,
      modelUrl: model.url,
      orphaned: watch.signal,
      async stop() {
        watch.end();
        await model.close();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/** A process whose parent was killed gets another one: nobody would stop the server that we started. */
function watchParent(): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const parent = process.ppid;
  const timer = setInterval(() => process.ppid !== parent && controller.abort(), LOOK_MS);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}
