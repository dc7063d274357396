import { encoderOf, type FileAnswer, openModel, shortest } from '../../models/file/index.ts';
import { type FeatureRow, type Model, type ReloadingModel, reloading } from '../../models/index.ts';
import { type ModelServer, type ServedShape, serveModel } from '../../web/index.ts';
import { PROTOCOLS, type ServedProtocol } from '../../web/model-server/options.ts';
import { CommandError } from '../command-error.ts';
import { listFlag, textFlag, wholeNumber } from '../flags.ts';
import type { RawOptions } from '../options.ts';
import { type Output, outputOf } from '../output.ts';
import { onStopSignal } from '../signals.ts';
import { columnsOf, ownColumns } from './cells.ts';
import { faultsOf } from './faults.ts';
import { labelled } from './labels.ts';
import { openOptionsOf } from './open.ts';

export async function serve(source: string, options: RawOptions): Promise<void> {
  const output = outputOf(options.json === true);
  const served = modelOf(source, options, output);
  const server = await start(served, options);
  const { origin } = server;
  const protocols = protocolsOf(options);
  output.line(`serving ${source} version ${served.model.version} at ${origin}   ${protocols.map((name) => PLACES[name]).join('   ')}`);
  output.data({ event: 'ready', origin, protocols, version: served.model.version, pid: process.pid });
  await stopped(server, served.model, output);
}

const PLACES: Readonly<Record<ServedProtocol, string>> = {
  rows: 'rows: POST /predict',
  columnar: 'columns: POST /predict',
  oip: 'Open Inference Protocol: /v2/models/…',
};

interface Served {
  readonly model: ReloadingModel<FeatureRow, FileAnswer>;
  shape(): ServedShape | undefined;
  /** Formats an answer: with labels, or as the shortest number. */
  readonly answer: (answer: FileAnswer) => unknown;
}

/** The model and the encoder beside it, read again every `--reload-ms`. */
function modelOf(source: string, options: RawOptions, output: Output): Served {
  const threads = wholeNumber('--threads', options['threads']) ?? 0;
  const labels = textFlag(options, 'labels')?.split(',');
  const [given, file] = [textFlag(options, 'encoder'), /^https?:/.test(source) ? undefined : source];
  const openOptions = openOptionsOf(source, options);
  let shape: ServedShape | undefined;
  let isFloat32 = true;
  const model = reloading<FeatureRow, FileAnswer>(source, open, {
    pollMs: wholeNumber('--reload-ms', options['reloadMs']) ?? 2_000,
    onSwap(version, before) {
      output.line(`version ${version} replaces ${before}`);
      output.data({ event: 'swapped', version, before });
    },
    onFailure(error) {
      output.line(`version ${model.version} stays: ${error.message}`);
      output.data({ event: 'kept', version: model.version, reason: error.message });
    },
  });

  async function open(bytes: Uint8Array): Promise<Model<FeatureRow, FileAnswer>> {
    const encoder = await encoderOf(file, given);
    const opened = await openModel(bytes, { ...openOptions, threads, margin: options['margin'] === true, features: encoder?.features });
    if (labels !== undefined) labelled.check(labels, opened.about, options['margin'] === true);
    ({ isFloat32 } = opened);
    shape = { ...opened.about, columns: encoder?.features === undefined ? ownColumns(opened.about) : columnsOf(encoder.features.fields) };
    return opened.model;
  }

  const short = (value: number) => (isFloat32 ? shortest(value) : value);
  const number = (answer: FileAnswer) => (typeof answer === 'number' ? short(answer) : answer.map(short));
  return { model, shape: () => shape, answer: labels === undefined ? number : (answer) => labelled.answer(labels, number(answer)) };
}

async function start({ model, shape, answer }: Served, options: RawOptions): Promise<ModelServer> {
  const port = wholeNumber('--port', options['port']) ?? 3_000;
  const faults = faultsOf(options['fault']);
  try {
    return await serveModel({
      model,
      name: String(options['name'] ?? 'model'),
      protocols: protocolsOf(options),
      host: String(options['host'] ?? '127.0.0.1'),
      port,
      answer,
      shape,
      limits: {
        bodyBytes: wholeNumber('--max-body', options['maxBody']),
        rows: wholeNumber('--max-rows', options['maxRows']),
        concurrency: wholeNumber('--concurrency', options['concurrency']),
        queue: wholeNumber('--queue', options['queue']),
        timeoutMs: wholeNumber('--timeout-ms', options['timeoutMs']),
      },
      ...(faults === undefined ? {} : { faults }),
    });
  } catch (error) {
    await model.close?.();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new CommandError(2, `port ${port} is taken`, { next: 'Name another with --port; 0 takes a free one.' });
    throw error;
  }
}

function protocolsOf(options: RawOptions): readonly ServedProtocol[] {
  return listFlag(options, 'protocol')?.map(protocolOf) ?? PROTOCOLS;
}

function protocolOf(name: string): ServedProtocol {
  const protocol = PROTOCOLS.find((each) => each === name);
  if (protocol !== undefined) return protocol;
  throw new CommandError(2, `--protocol: expected some of ${PROTOCOLS.join(',')}, got ${JSON.stringify(name)}`);
}

/** Until SIGINT or SIGTERM; SIGHUP looks at the model at once. */
async function stopped(server: ModelServer, model: Served['model'], output: Output): Promise<void> {
  const look = () => void model.reload().catch((error: Error) => output.line(`version ${model.version} stays: ${error.message}`));
  process.on('SIGHUP', look);
  await new Promise<void>((resolve) => {
    const release = onStopSignal(() => {
      release();
      resolve();
    });
  });
  process.off('SIGHUP', look);
  await server.close();
  output.line('stopped');
  output.data({ event: 'stopped' });
}
