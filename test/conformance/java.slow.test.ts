import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { brokers, createTopic, readAll, unique } from '../helpers/broker.ts';
import { differences } from '../wire/java/compare.ts';
import { javaMessages } from '../wire/java/messages.ts';
import { type Output, runForeign } from './foreign-program.ts';

/** `KAFKA_JARS`: folder with the jars of Apache Kafka, whose client and tools are run as their users run them. */
const jars = process.env.KAFKA_JARS;

const bootstrap = () => ['--bootstrap-server', brokers().join(',')];

/** Runs a class of Kafka's; without the second compiler a JVM of a second's life starts sooner. */
function java(main: string, args: readonly string[], input = ''): Promise<Output> {
  const flags = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Xmx128m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];
  const name = main.startsWith('kafka.') ? main : `org.apache.kafka.tools.${main}`;
  return runForeign('java', [...flags, '-cp', `${jars}/*`, name, ...args], input);
}

if (jars !== undefined && !existsSync(jars)) {
  it('the jars of Apache Kafka are where KAFKA_JARS says', () => expect.fail(`KAFKA_JARS=${jars}: there is no such folder`));
}

describe.skipIf(jars === undefined || !existsSync(jars))(
  `the Java client and tools${jars === undefined ? ' (skipped: KAFKA_JARS does not name a folder with their jars)' : ''}`,
  () => {
    it('write messages that our tables read and write back, others every time', async () => {
      const messages = await javaMessages(String(jars), Math.floor(Math.random() * 1_000_000));
      const wrong = messages.flatMap((message) => differences(message).map((each) => `${JSON.stringify(message)}: ${each}`));
      expect(wrong).toEqual([]);
    });

    it('make, describe, change and delete a topic', async () => {
      const topic = unique('java');
      const made = await java('TopicCommand', [
        ...bootstrap(),
        '--create',
        '--topic',
        topic,
        '--partitions',
        '3',
        '--config',
        'retention.ms=1000000',
      ]);
      expect(made, made.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining(`Created topic ${topic}.`) });
      const entity = ['--entity-type', 'topics', '--entity-name', topic];
      const changed = await java('kafka.admin.ConfigCommand', [
        ...bootstrap(),
        '--alter',
        ...entity,
        '--add-config',
        'cleanup.policy=compact',
      ]);
      expect(changed, changed.stderr).toMatchObject({ code: 0 });
      const described = await java('TopicCommand', [...bootstrap(), '--describe', '--topic', topic]);
      expect(described.stdout).toContain('PartitionCount: 3');
      expect(described.stdout).toContain('retention.ms=1000000');
      expect(described.stdout).toContain('cleanup.policy=compact');
      const deleted = await java('TopicCommand', [...bootstrap(), '--delete', '--topic', topic]);
      expect(deleted, deleted.stderr).toMatchObject({ code: 0 });
    });

    it('produce, idempotent by default, and consume with a group that goes on where it committed', async () => {
      const [topic, group] = [await createTopic('java-group'), unique('java')];
      const produce = (lines: string) => java('ConsoleProducer', [...bootstrap(), '--topic', topic], lines);
      const consume = (count: number) =>
        java('consumer.ConsoleConsumer', [
          ...bootstrap(),
          '--topic',
          topic,
          '--group',
          group,
          '--from-beginning',
          '--max-messages',
          String(count),
        ]);
      expect(await produce('a\nb\n')).toMatchObject({ code: 0 });
      expect((await consume(2)).stdout).toBe('a\nb\n');
      expect(await produce('c\n')).toMatchObject({ code: 0 });
      expect((await consume(1)).stdout).toBe('c\n');
      const listed = await java('consumer.group.ConsumerGroupCommand', [...bootstrap(), '--describe', '--group', group]);
      expect(
        listed.stdout
          .split('\n')
          .find((line) => line.includes(topic))
          ?.split(/\s+/)
          .slice(2, 6),
      ).toEqual(['0', '3', '3', '0']);
    });

    it('copy records from topic to topic in transactions, with the offsets of their group', async () => {
      const [source, target] = [await createTopic('java-source'), await createTopic('java-target')];
      const [group, transactionalId] = [unique('java'), unique('java')];
      const lines = Array.from({ length: 50 }, (_, i) => String(i));
      await java('ConsoleProducer', [...bootstrap(), '--topic', source], `${lines.join('\n')}\n`);
      const copied = await java('TransactionalMessageCopier', [
        ...['--broker-list', brokers().join(','), '--input-topic', source, '--input-partition', '0', '--output-topic', target],
        ...['--transactional-id', transactionalId, '--consumer-group', group, '--transaction-size', '10', '--max-messages', '50'],
      ]);
      expect(copied.code, copied.stderr).toBe(0);
      expect((await readAll(target)).map(({ value }) => String(value))).toEqual(lines);
      const committed = ['--isolation-level', 'read_committed', '--from-beginning', '--max-messages', '50'];
      const read = await java('consumer.ConsoleConsumer', [...bootstrap(), '--topic', target, ...committed]);
      expect(read.stdout.trimEnd().split('\n')).toEqual(lines);
      const listed = await java('TransactionsCommand', [...bootstrap(), 'list']);
      expect(listed.stdout).toMatch(new RegExp(`${transactionalId}\\s+\\d+\\s+\\d+\\s+(CompleteCommit|Empty)`));
    });
  },
);
