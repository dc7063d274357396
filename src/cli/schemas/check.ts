import type { SchemaCheck } from '../../topics/index.ts';
import type { RawOptions } from '../options.ts';
import type { Output } from '../output.ts';
import { type TopicSchema, withSchemas } from './subjects.ts';

export type Checked = TopicSchema & { readonly check: SchemaCheck };

export async function checkSchemas(topics: readonly string[], options: RawOptions): Promise<void> {
  await withSchemas(topics, options, async (schemas, { output }) => {
    const checked = await checkAll(schemas);
    print(output, checked, ({ check }) => check.status);
    if (checked.some(({ check }) => check.status === 'incompatible')) process.exitCode = 1;
  });
}

export async function checkAll(schemas: readonly TopicSchema[]): Promise<Checked[]> {
  return Promise.all(schemas.map(async (schema) => ({ ...schema, check: await schema.schema.check() })));
}

/** @param statusOf what is said of a schema that has no problem */
export function print(
  output: Output,
  checked: readonly Checked[],
  statusOf: (checked: Checked) => string,
  idOf?: (checked: Checked) => number | undefined,
): void {
  output.table(checked.map((each) => [each.schema.subject, each.schema.type, each.check.level, statusOf(each)]));
  for (const { schema, check } of checked) {
    if (check.problems.length > 0) output.line(`${schema.subject}:\n${check.problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
  for (const each of checked) {
    const { topic, part, schema, check } = each;
    const id = idOf?.(each);
    const { subject, type } = schema;
    output.data({
      subject,
      topic,
      part,
      type,
      level: check.level,
      status: statusOf(each),
      ...(id === undefined ? {} : { id }),
      problems: check.problems,
    });
  }
}
