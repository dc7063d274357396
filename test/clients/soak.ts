import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBrokerThread } from '../../src/broker/index.ts';

/**
 * `npm run soak:clients`: clients of other languages, fetched from their package registries, against the embedded broker.
 * `CLIENTS_DIR` keeps what was fetched. With `KAFKA_BROKERS` they run against that broker instead.
 */
interface Outcome {
  readonly version: string;
  readonly produced: number;
  readonly consumed: number;
  readonly transacted: number;
  readonly ok: boolean;
}

const MINUTES_5 = 300_000;
const STREAMS = '4.2.0';
const source = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const kept = process.env.CLIENTS_DIR;
const folder = kept ?? mkdtempSync(join(tmpdir(), 'streamer-clients-'));
mkdirSync(folder, { recursive: true });

function run(command: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: MINUTES_5, maxBuffer: 64_000_000 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${(stderr || stdout).trim().split('\n').slice(-4).join(' | ')}`);
  return stdout;
}

function python(script: string): (brokers: string) => string {
  return (brokers) => {
    const interpreter = join(folder, 'venv/bin/python');
    if (!existsSync(interpreter)) {
      run('python3', ['-m', 'venv', 'venv']);
      run(interpreter, ['-m', 'pip', 'install', '--quiet', 'kafka-python', 'confluent-kafka']);
    }
    return run(interpreter, [source(script), brokers]);
  };
}

function franz(brokers: string): string {
  const cwd = join(folder, 'franz');
  if (!existsSync(cwd)) {
    mkdirSync(cwd);
    copyFileSync(source('franz.go'), join(cwd, 'main.go'));
    run('go', ['mod', 'init', 'franz'], cwd);
    run('go', ['mod', 'tidy'], cwd);
  }
  copyFileSync(source('franz.go'), join(cwd, 'main.go'));
  const version = /franz-go v([\d.]+)/.exec(readFileSync(join(cwd, 'go.mod'), 'utf8'))?.[1] ?? '';
  return run('go', ['run', '.', brokers, version], cwd);
}

function streams(guarantee: string): (brokers: string) => string {
  return (brokers) => {
    const jars = join(folder, 'streams');
    if (!existsSync(jars)) {
      const dependency = (group: string, artifact: string, version: string) =>
        `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
      const wanted = dependency('org.apache.kafka', 'kafka-streams', STREAMS) + dependency('org.slf4j', 'slf4j-nop', '1.7.36');
      const project = `<modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>`;
      writeFileSync(join(folder, 'pom.xml'), `<project>${project}<dependencies>${wanted}</dependencies></project>`);
      run('mvn', ['-q', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`]);
    }
    const state = mkdtempSync(join(folder, 'state-'));
    return run('java', ['-cp', join(jars, '*'), source('CountStream.java'), brokers, guarantee, state]);
  };
}

const CLIENTS: readonly (readonly [name: string, play: (brokers: string) => string])[] = [
  ['kafka-python', python('with_kafka_python.py')],
  ['confluent-kafka-python', python('with_confluent.py')],
  ['franz-go', franz],
  ['Kafka Streams, at_least_once', streams('at_least_once')],
  ['Kafka Streams, exactly_once_v2', streams('exactly_once_v2')],
];

const broker = process.env.KAFKA_BROKERS ? undefined : await startBrokerThread();
const brokers = process.env.KAFKA_BROKERS ?? (broker?.address as string);
const rows: string[] = [];
for (const [name, play] of CLIENTS) {
  try {
    const { version, produced, consumed, transacted, ok } = JSON.parse(play(brokers).trim().split('\n').at(-1) ?? '') as Outcome;
    rows.push(`| ${name} | ${version} | ${produced} | ${consumed} | ${transacted || '-'} | ${ok ? 'passed' : 'failed'} |`);
    if (!ok) process.exitCode = 1;
  } catch (error) {
    rows.push(`| ${name} | | | | | failed: ${(error as Error).message} |`);
    process.exitCode = 1;
  }
  console.log(rows.at(-1));
}
await broker?.close();
if (kept === undefined) rmSync(folder, { recursive: true, force: true });
console.log(
  ['', '| client | version | produced | consumed with a group | in transactions | |', '|---|---|---|---|---|---|', ...rows].join('\n'),
);
