import type { RawOptions } from '../options.ts';
import { type Checked, checkAll, print } from './check.ts';
import { withSchemas } from './subjects.ts';

/** All or none: an app with half of its schemas registered does not start either. */
export async function registerSchemas(topics: readonly string[], options: RawOptions): Promise<void> {
  await withSchemas(topics, options, async (schemas, { output }) => {
    const checked = await checkAll(schemas);
    if (checked.some(({ check }) => check.status === 'incompatible')) {
      process.exitCode = 1;
      print(output, checked, ({ check }) =>
        check.status === 'incompatible' || check.status === 'registered' ? check.status : 'not registered',
      );
      return;
    }
    const ids = new Map<Checked, number>();
    for (const each of checked) ids.set(each, await each.schema.register());
    const statusOf = (each: Checked) => (each.check.status === 'registered' ? 'already there' : 'registered');
    print(
      output,
      checked,
      (each) => (output.json ? statusOf(each) : `${statusOf(each)}, id ${ids.get(each)}`),
      (each) => ids.get(each),
    );
  });
}
