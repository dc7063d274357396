import { confirm } from '../confirm.ts';
import type { RawOptions } from '../options.ts';
import { openAppSession } from '../session.ts';
import { changesSources } from './sources.ts';

export async function resetSources(names: readonly string[], options: RawOptions): Promise<void> {
  const { app, output, close } = await openAppSession(options);
  try {
    const sources = changesSources(app, names);
    const slots = await Promise.all([...sources].map(async ([, source]) => (await source.status()).slot));
    await confirm(
      `this drops ${slots.join(', ') || 'nothing'}: changes that were not read yet are lost, but for what the next snapshot shows`,
      options,
    );
    for (const [name, source] of sources) {
      const wasThere = await source.reset({ publication: options['publication'] === true });
      output.table([[name, wasThere ? 'slot dropped' : 'no slot']]);
      output.data({ source: name, status: wasThere ? 'dropped' : 'absent' });
    }
  } finally {
    await close();
  }
}
