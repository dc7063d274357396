import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { http, type Model } from 'streamerjs/models';
import { freePort, MAIN } from '../../cli/helpers.ts';
import { finished } from './process.ts';

export type Row = readonly number[];

/** A row with this first value is refused. */
export const POISON = 1e9;

/** One real server: how it is started, and how it is asked. */
export interface ServerKind {
  readonly name: string;
  /** Its version, as it says itself. */
  version(venv: string): Promise<string>;
  /** Writes what it needs into the folder, which holds `model.json`; gives the command that starts it. */
  command(venv: string, folder: string, port: number): Promise<readonly string[]>;
  /** By each protocol of ours that it speaks; the first is used under load. */
  models(origin: string): Readonly<Record<string, Model<Row, number>>>;
}

export const PYTHON = join(import.meta.dirname, 'python');
const OPTIONS = { timeoutMs: 1_000 };

const COLUMNS = ['a', 'b', 'c', 'd'] as const;
const named = ([a, b, c, d]: Row) => ({ a, b, c, d });

/** Asks about rows as objects. */
function byName(model: Model<object, number>): Model<Row, number> {
  return { ...model, predict: (rows, options) => model.predict(rows.map(named), options) };
}

const packageVersion = async (venv: string, name: string) =>
  (await finished([join(venv, 'bin/python'), '-c', `import importlib.metadata as m; print(m.version("${name}"))`], { cwd: venv })).trim();

export const kinds: Readonly<Record<string, ServerKind>> = {
  streamer: {
    name: 'streamer model serve',
    version: async () => (await finished([process.execPath, MAIN, '--version'], { cwd: '.' })).trim(),
    command: async (_venv, folder, port) => [
      process.execPath,
      MAIN,
      'model',
      'serve',
      join(folder, 'model.json'),
      '--port',
      String(port),
      '--fault',
      `refuse.0=${POISON}`,
    ],
    models: (origin) => ({
      rows: http.rows<Row, number>(`${origin}/predict`, { ...OPTIONS, healthPath: '/readyz' }),
      columns: byName(http.columns(`${origin}/predict`, OPTIONS)),
      openInference: http.openInference<Row>(origin, { ...OPTIONS, model: 'model', tensor: { name: 'input', datatype: 'FP32' } }),
    }),
  },
  bentoml: {
    name: 'BentoML',
    version: (venv) => packageVersion(venv, 'bentoml'),
    command: async (venv, _folder, port) => [
      join(venv, 'bin/python'),
      '-m',
      'bentoml',
      'serve',
      'service:Trees',
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--working-dir',
      PYTHON,
    ],
    models: (origin) => ({
      bentoml: http.bentoml<Row>(origin, { ...OPTIONS, parameter: 'rows' }),
      columns: byName(http.columns(`${origin}/columns`, { ...OPTIONS, columns: COLUMNS })),
      'bentoml columns': byName(http.bentoml(origin, { ...OPTIONS, route: '/columns', form: 'columns' })),
    }),
  },
  mlflow: {
    name: 'MLflow',
    version: (venv) => packageVersion(venv, 'mlflow'),
    async command(venv, folder, port) {
      const saved = join(folder, 'mlflow');
      await finished([join(venv, 'bin/python'), join(PYTHON, 'save_mlflow.py'), saved], { cwd: folder, env: { PYTHONPATH: PYTHON } });
      const serve = ['models', 'serve', '-m', saved, '--host', '127.0.0.1', '-p', String(port), '--env-manager', 'local'];
      return [join(venv, 'bin/mlflow'), ...serve];
    },
    models: (origin) => ({
      'mlflow dataframe_split': http.mlflow<Row>(origin, { ...OPTIONS, columns: COLUMNS }),
      'mlflow dataframe_records': byName(http.mlflow(origin, { ...OPTIONS, input: 'dataframe_records' })),
    }),
  },
  mlserver: {
    name: 'MLServer',
    version: (venv) => packageVersion(venv, 'mlserver'),
    async command(venv, folder, port) {
      const home = join(folder, 'mlserver');
      await mkdir(home, { recursive: true });
      const ports = { http_port: port, grpc_port: await freePort(), metrics_port: await freePort() };
      await writeFile(join(home, 'settings.json'), JSON.stringify({ host: '127.0.0.1', parallel_workers: 0, ...ports }));
      await writeFile(join(home, 'model-settings.json'), JSON.stringify({ name: 'trees', implementation: 'runtime.Trees' }));
      return [join(venv, 'bin/mlserver'), 'start', home];
    },
    models: (origin) => ({
      openInference: http.openInference<Row>(origin, { ...OPTIONS, model: 'trees', tensor: { name: 'x', datatype: 'FP32' } }),
    }),
  },
};
