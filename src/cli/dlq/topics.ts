import type { KafkaAdmin } from '../../kafka/index.ts';
import { deadLetterTopicOf } from '../../runtime/index.ts';
import { CommandError } from '../command-error.ts';
import type { AppSession } from '../session.ts';

export function replayGroupOf(app: string): string {
  return `${app}.dlq-replay`;
}

/** The dead-letter topics of an app that exist, or those named (themselves, or by the topic they belong to). */
export async function letterTopics({ app }: AppSession, admin: KafkaAdmin, names: readonly string[]): Promise<string[]> {
  const all = app.topicSpecs().flatMap((spec) => (spec.lettersOf === undefined ? [] : [spec.name]));
  const wanted = names.length === 0 ? all : names.map((name) => resolve(name));
  const there = await admin.partitionCounts(wanted);
  const missing = wanted.filter((topic) => !there.has(topic));
  if (missing.length > 0) {
    throw new CommandError(1, `no such topic: ${missing.join(', ')}`, {
      next: 'Create what the app declares: streamer topics create -A <app>',
    });
  }
  return wanted;

  function resolve(name: string): string {
    const topic = all.find((each) => each === name || each === deadLetterTopicOf(name, app.id));
    if (topic !== undefined) return topic;
    throw new CommandError(2, `"${name}" has no dead-letter topic in app "${app.id}"`, { next: `It has: ${all.join(', ')}.` });
  }
}
