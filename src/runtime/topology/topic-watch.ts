import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, describeError, StreamerError } from '../../errors.ts';
import type { KafkaAdmin } from '../../kafka/index.ts';
import { libraryLog } from '../../observe/index.ts';
import { changelogProblems, plain } from './changelog-topics.ts';
import { type CoPartitioned, countProblems } from './co-partitioning.ts';
import { type AppTopicSpec, fittedSpecs } from './letter-topics.ts';
import { topicDifferences } from './topic-differences.ts';

const log = libraryLog('worker');

/** How long a topic must be unknown to count as deleted. */
const DELETED_AFTER_MS = 2_000;

/** Checks that the topics that a worker needs exist at the start, and are not deleted while it runs. */
export class TopicWatch {
  readonly #admin: () => Promise<KafkaAdmin>;
  readonly #closing: AbortSignal;
  /** Partitions of the topics that were checked at the start. */
  #counts: ReadonlyMap<string, number> = new Map();
  #configs: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map();
  #isLooking = false;

  constructor(admin: () => Promise<KafkaAdmin>, closing: AbortSignal) {
    this.#admin = admin;
    this.#closing = closing;
  }

  /** Number of partitions at the start; undefined for a topic that was not checked. */
  partitions(topic: string): number | undefined {
    return this.#counts.get(topic);
  }

  /** Largest record, in bytes, that a topic took at the start; undefined where that is not known. */
  recordBytes(topic: string): number | undefined {
    const bytes = Number(this.#configs.get(topic)?.['max.message.bytes']);
    return Number.isSafeInteger(bytes) ? bytes : undefined;
  }

  /**
   * Warns of topics that are not as they are declared.
   *
   * @throws ConfigError naming the topics that are missing, or those that are read together with different partition counts
   */
  async check(specs: readonly AppTopicSpec[], sameCounts: readonly CoPartitioned[] = []): Promise<void> {
    const counts = await (await this.#admin()).partitionCounts(specs.map(({ name }) => name));
    this.#counts = counts;
    const missing = specs.map(({ name }) => name).filter((name) => !counts.has(name));
    if (missing.length === 0) {
      const problems = countProblems(sameCounts, counts);
      if (problems.length > 0) throw new ConfigError(problems, { next: adviceFor(specs) });
      return this.#compare(await this.#fitted(specs), counts);
    }
    const what =
      missing.length === 1 ? `topic "${missing[0]}" does not exist` : `${missing.length} topics do not exist: ${missing.join(', ')}`;
    throw new ConfigError(what, { next: `Create them: streamer topics create -A <app>` });
  }

  /** Without the right to read configs, the specs as they are declared. */
  async #fitted(specs: readonly AppTopicSpec[]): Promise<readonly AppTopicSpec[]> {
    return fittedSpecs(await this.#admin(), specs).catch((error: unknown) => {
      log.debug('limits of dead-letter topics were not compared: {error}', { error: describeError(error) });
      return specs;
    });
  }

  /**
   * A worker can run with another count or config, so a difference is only a warning. Configs that may not be read are not compared.
   *
   * @throws ConfigError naming changelogs from which the broker deletes entries
   */
  async #compare(specs: readonly AppTopicSpec[], counts: ReadonlyMap<string, number>): Promise<void> {
    const declared = specs.filter(({ configs }) => Object.keys(configs ?? {}).length > 0).map(({ name }) => name);
    const configs = await (await this.#admin()).topicConfigs(declared).catch((error: unknown) => {
      log.debug('configs of topics were not compared: {error}', { error: describeError(error) });
      return new Map<string, Readonly<Record<string, string>>>();
    });
    this.#configs = configs;
    const problems = changelogProblems(specs, configs);
    if (problems.length > 0) throw new ConfigError(problems, { next: 'Set it: streamer topics create -A <app> --alter-configs' });
    for (const spec of specs.map(plain)) {
      const { name } = spec;
      const differences = topicDifferences(spec, { partitions: counts.get(name) ?? spec.partitions, configs: configs.get(name) });
      if (differences.length === 0) continue;
      const flags = differences.some(({ what }) => what === 'partitions') ? '--add-partitions' : '--alter-configs';
      log.warning('topic "{name}" {differences}; see: streamer topics create -A <app> --dry-run {flags}', {
        name,
        differences: differences.map(({ text }) => text).join('; '),
        flags,
      });
    }
  }

  /**
   * Called when a broker did not know a topic. A broker may not know one for a moment after a restart; a topic that stays unknown
   * was deleted. Going on would be silent, and wrong once a topic of the same name is created: the old one's offsets would be
   * taken for its own. Resolves to the error that ends the worker, if there is one.
   */
  async findDeleted(topics: readonly string[]): Promise<StreamerError | undefined> {
    if (this.#isLooking) return undefined;
    this.#isLooking = true;
    try {
      let missing = await this.#missing(topics);
      if (missing.length > 0) await sleep(DELETED_AFTER_MS, undefined, { signal: this.#closing });
      missing = missing.length > 0 ? await this.#missing(missing) : [];
      if (missing.length === 0) return undefined;
      const next = 'Create it (streamer topics create -A <app>) and start again, or take it out of the app.';
      return new StreamerError('REFUSED', `topic "${missing[0]}" was deleted while it was read`, { topic: missing[0], next });
    } catch {
      // No answer now; the error that led here comes again.
      return undefined;
    } finally {
      this.#isLooking = false;
    }
  }

  async #missing(topics: readonly string[]): Promise<string[]> {
    const counts = await (await this.#admin()).partitionCounts(topics);
    return topics.filter((topic) => !counts.has(topic));
  }
}

/** Keys belong to other partitions once their topic has grown, and entries of tables stay where they are. */
function adviceFor(specs: readonly AppTopicSpec[]): string {
  const grow = 'Create the topics again with the same number of partitions, or add partitions: streamer topics create --add-partitions';
  if (specs.every(({ changelogOf }) => changelogOf === undefined)) return grow;
  return 'A table keeps the partitions that it began with. To change their number, delete its changelog (streamer topics delete), create it again (streamer topics create) and read its topics from their beginning (streamer reset --to earliest).';
}
