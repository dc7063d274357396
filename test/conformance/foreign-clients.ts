import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { brokers } from '../helpers/broker.ts';
import { type Output, runForeign } from './foreign-program.ts';

/** `KAFKA_JARS`: folder with the jars of Apache Kafka, whose client and tools are run as their users run them. */
const jars = process.env.KAFKA_JARS;

export const hasJava = jars !== undefined && existsSync(jars);
export const hasKcat = spawnSync('kcat', ['-V']).error === undefined;

/** For titles of tests that need them. */
export const javaSkip = hasJava ? '' : ' (skipped: KAFKA_JARS does not name a folder with the jars of Apache Kafka)';
export const kcatSkip = hasKcat ? '' : ' (skipped: kcat is not on PATH)';

/** Runs a class of Kafka's; without the second compiler a JVM of a second's life starts sooner. */
export function java(main: string, args: readonly string[], input = ''): Promise<Output> {
  const flags = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Xmx128m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const name = main.startsWith('kafka.') ? main : `org.apache.kafka.tools.${main}`;
  return runForeign('java', [...flags, '-cp', `${jars}/*`, name, '--bootstrap-server', brokers().join(','), ...args], input);
}

export function kcat(args: readonly string[], input = ''): Promise<Output> {
  return runForeign('kcat', ['-b', brokers().join(','), ...args], input);
}
