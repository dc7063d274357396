import type { RawOptions } from '../options.ts';
import { withSchemas } from './subjects.ts';

export async function diffSchemas(topics: readonly string[], options: RawOptions): Promise<void> {
  await withSchemas(topics, options, async (schemas, { output }) => {
    for (const { topic, part, schema } of schemas) {
      const { subject } = schema;
      const [id, latest] = await Promise.all([schema.find(), schema.latest()]);
      const differences = latest === undefined ? [] : schema.differences(latest);
      const against = latest === undefined ? 'the subject is empty' : `version ${latest.version}`;
      const verdict =
        latest === undefined || differences.length > 0 ? '' : id === latest.id ? ': no difference' : ': no difference in the fields';
      output.line(`${subject}   ${against}${verdict}`);
      for (const line of differences) output.line(`  ${line}`);
      output.data({ subject, topic, part, version: latest?.version ?? null, differences });
    }
  });
}
