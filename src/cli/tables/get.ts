import { CommandError } from '../command-error.ts';
import type { RawOptions } from '../options.ts';
import { jsonLine } from '../records/json-line.ts';
import { shown } from '../records/printer.ts';
import { fromText } from '../records/typed.ts';
import { openAppSession } from '../session.ts';
import { committedIn, entryOf } from './committed.ts';
import { tableOf } from './table.ts';

/** An entry may be in any partition: its place is that of the event that wrote it. */
export async function getEntry(name: string, text: string, options: RawOptions): Promise<void> {
  const session = await openAppSession(options);
  try {
    const { app, output } = session;
    const table = tableOf(app, name);
    const { changelog: topic, serdes } = table;
    const key = await serdes.key.encode(fromText(text, serdes.key, 'key', 'table') as never, { topic, part: 'key' });
    const admin = await session.admin();
    const reader = await (await session.client()).reader();
    let isFound = false;
    for (const marks of await admin.watermarks(topic, { isolation: 'committed' })) {
      const record = (await committedIn(reader, marks)).get(key);
      if (record === undefined) continue;
      const entry = await entryOf(table, marks, key, record);
      output.line(shown(entry.value));
      if (output.json) output.dataText(jsonLine(entry));
      isFound = true;
    }
    if (!isFound) throw new CommandError(1, `table "${name}" has no entry of the key ${JSON.stringify(text)}`);
  } finally {
    await session.close();
  }
}
