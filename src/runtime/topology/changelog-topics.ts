import type { KafkaAdmin } from '../../kafka/index.ts';
import { PLAIN_CHANGELOG_CONFIGS } from '../../tables/index.ts';
import type { AppTopicSpec } from './letter-topics.ts';

type Configs = ReadonlyMap<string, Readonly<Record<string, string>>>;

const POLICY = 'cleanup.policy';

/** The specs; a changelog whose configs the broker refuses gets the one that it cannot do without. Some brokers let nobody set the others. */
export async function acceptedSpecs(admin: KafkaAdmin, specs: readonly AppTopicSpec[]): Promise<AppTopicSpec[]> {
  const changelogs = specs.filter(({ changelogOf }) => changelogOf !== undefined);
  if (changelogs.length === 0) return [...specs];
  const refused = await admin.checkTopics(changelogs);
  return specs.map((spec) => (spec.changelogOf !== undefined && refused.has(spec.name) ? plain(spec) : spec));
}

/** What has to be so of a changelog while the app runs. */
export function plain(spec: AppTopicSpec): AppTopicSpec {
  return spec.changelogOf === undefined ? spec : { ...spec, configs: PLAIN_CHANGELOG_CONFIGS };
}

/** One problem for each changelog from which the broker deletes entries. A topic whose configs are not known is left out. */
export function changelogProblems(specs: readonly AppTopicSpec[], configs: Configs): string[] {
  return specs.flatMap(({ name, changelogOf }) => {
    const policy = configs.get(name)?.[POLICY];
    if (changelogOf === undefined || policy === undefined || policy === 'compact') return [];
    return [`topic "${name}" has ${POLICY} ${policy}: the broker would delete entries of table "${changelogOf}"`];
  });
}
