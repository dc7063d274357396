import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startBrokerThread } from 'streamerjs/broker';
import { type Model, XgboostEvaluator } from 'streamerjs/models';
import { freePort } from '../../cli/helpers.ts';
import { golden, goldenFiles } from '../support/golden-cli.ts';
import { modelsAbsent } from '../support/models-dir.ts';
import { type LoadResult, load } from './load.ts';
import { finished, ServerProcess } from './process.ts';
import { kinds, PYTHON, type Row, type ServerKind } from './servers.ts';

const HELP = `npm run soak:models -- [options]     our protocols against real model servers, which are killed and suspended meanwhile

  --bentoml <venv>     Python environment with bentoml and xgboost
  --mlflow <venv>      with mlflow and xgboost
  --mlserver <venv>    with mlserver and xgboost
  --events <n>         through each Python server (3000)
  --own-events <n>     through streamer model serve (20000)
  --broker <where>     embedded, or host:port,... of a Kafka that runs (embedded)

One Python environment at least must be given: the model is trained there. With MODELS_DIR, every model that lies there is scored by
streamer model predict too, and compared with the library's answers.
`;

const { values } = parseArgs({
  options: {
    bentoml: { type: 'string' },
    mlflow: { type: 'string' },
    mlserver: { type: 'string' },
    events: { type: 'string', default: '3000' },
    'own-events': { type: 'string', default: '20000' },
    broker: { type: 'string', default: 'embedded' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const READY_MS = 90_000;

interface Trained {
  readonly folder: string;
  readonly rows: readonly Row[];
  readonly predictions: readonly number[];
  readonly version: string;
}

async function main(): Promise<void> {
  const venvs = (['bentoml', 'mlflow', 'mlserver'] as const).flatMap((name) =>
    values[name] === undefined ? [] : [[name, values[name]] as const],
  );
  if (values.help || venvs.length === 0) {
    process.stdout.write(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'streamer-soak-models-'));
  const broker = values.broker === 'embedded' ? await startBrokerThread() : undefined;
  const brokers = broker === undefined ? values.broker.split(',') : [broker.address];
  process.env['TEST_BROKERS'] = brokers.join(',');
  try {
    const trained = await train(folder, venvs[0]?.[1] as string);
    for (const [name, venv] of [['streamer', ''] as const, ...venvs]) await prove(kinds[name] as ServerKind, { venv, trained, brokers });
    await everyGolden();
  } finally {
    await broker?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function train(folder: string, venv: string): Promise<Trained> {
  await finished([join(venv, 'bin/python'), join(PYTHON, 'make_model.py'), folder], { cwd: folder });
  const { rows, predictions, version } = JSON.parse(await readFile(join(folder, 'rows.json'), 'utf8'));
  const own = new XgboostEvaluator(await readFile(join(folder, 'model.json'))).predictions(Float32Array.from(rows.flat()), rows.length);
  const differing = predictions.filter((prediction: number, at: number) => Math.fround(prediction) !== own[at]).length;
  print(`model of XGBoost ${version}: ${rows.length} rows scored in process, ${differing} unlike the library`);
  if (differing > 0) throw new Error('the evaluator is wrong');
  return { folder, rows, predictions, version };
}

interface Proof {
  readonly venv: string;
  readonly trained: Trained;
  readonly brokers: readonly string[];
}

async function prove(kind: ServerKind, { venv, trained, brokers }: Proof): Promise<void> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const env = {
    // MLflow calls other commands by name.
    PATH: `${join(venv, 'bin')}:${process.env['PATH']}`,
    PYTHONPATH: PYTHON,
    MODEL_FOLDER: trained.folder,
    BENTOML_HOME: join(trained.folder, 'bentoml'),
    BENTOML_DO_NOT_TRACK: 'True',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const command = await kind.command(venv, trained.folder, port);
  const start = () => new ServerProcess(command, { cwd: PYTHON, env });
  let server = start();
  try {
    const models = kind.models(origin);
    for (const [name, model] of Object.entries(models)) {
      await ready(server, model);
      await compare(name, model, trained);
    }
    const protocols = Object.keys(models).join(', ');
    print(`${kind.name} ${await kind.version(venv)}: ${protocols} agree with the library at 1, 32 and 256 rows`);
    const restart = async () => {
      await server.kill();
      await delay(1_500);
      server = start();
      await ready(server, Object.values(models)[0] as Model<Row, number>);
    };
    const hang = async () => {
      server.signal('SIGSTOP');
      await delay(2_500);
      server.signal('SIGCONT');
    };
    const flap = async () => {
      for (let times = 0; times < 3; times++) {
        await hang();
        await delay(300);
      }
    };
    const slow = async () => {
      await fetch(`${origin}/faults`, { method: 'PUT', body: '{"latency":300,"errors":0.2,"refuse":{"0":1000000000}}' });
      await delay(2_000);
      await fetch(`${origin}/faults`, { method: 'PUT', body: '{"refuse":{"0":1000000000}}' });
    };
    const isOwn = kind === kinds['streamer'];
    const result = await load({
      ...trained,
      brokers,
      events: Number(values[isOwn ? 'own-events' : 'events']),
      model: Object.values(kind.models(origin))[0] as Model<Row, number>,
      disturb: isOwn ? [restart, hang, slow, flap] : [restart, hang],
    });
    print(`  ${words(result)}`);
  } catch (error) {
    throw new Error(`${kind.name}: ${(error as Error).message}\nit said:\n${server.said}`, { cause: error });
  } finally {
    await server.kill();
  }
}

async function ready(server: ServerProcess, model: Model<Row, number>): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const problem = await model.predict([[0, 0, 0, 0]]).then(
      () => undefined,
      (error: Error) => error,
    );
    if (problem === undefined) break;
    if (server.isGone || Date.now() > deadline) throw new Error(`it does not answer: ${problem.message}`);
    await delay(200);
  }
  await model.health?.();
}

async function compare(name: string, model: Model<Row, number>, { rows, predictions }: Trained): Promise<void> {
  for (const size of [1, 32, 256]) {
    const answers = await model.predict(rows.slice(0, size), { timeoutMs: 10_000 });
    const at = answers.findIndex((answer, index) => Math.fround(answer) !== Math.fround(predictions[index] as number));
    if (at >= 0) throw new Error(`${name}: row ${at} of ${size} is answered ${answers[at]}, and the library says ${predictions[at]}`);
  }
  await model.close?.();
}

function words({ events, poison, opened, largestLag, seconds }: LoadResult): string {
  const outcome = `none lost, none doubled, order of keys kept, dead letters: the ${poison} poison rows alone`;
  return `${events} events in ${seconds.toFixed(1)} s, breaker opened ${opened} times, lag up to ${largestLag} and back to 0: ${outcome}`;
}

async function everyGolden(): Promise<void> {
  if (modelsAbsent !== undefined) return print(`no goldens: ${modelsAbsent}`);
  const wrong: string[] = [];
  for (const file of goldenFiles()) wrong.push(...(await golden(file)));
  print(`streamer model predict: ${goldenFiles().length} files of goldens, ${wrong.length} answers unlike the library`);
  if (wrong.length > 0) throw new Error(wrong.slice(0, 10).join('\n'));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main();
