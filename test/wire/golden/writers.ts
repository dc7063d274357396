import { java, kcat } from '../../conformance/foreign-clients.ts';
import { type GoldenBatch, goldenRecords } from './batches.ts';

const NULL = '\\0';

/** Has a client of another implementation write the golden records to a topic, in one batch. */
export const writers: Readonly<Record<GoldenBatch['client'], (topic: string, compression: string) => Promise<void>>> = {
  java: async (topic, compression) => {
    const lines = goldenRecords('java').map(({ key, value, headers }) => {
      const head = headers.map(([name, text]) => `${name}:${text ?? NULL}`).join(',') || NULL;
      return [head, key ?? NULL, value ?? NULL].join('\t');
    });
    const readers = ['parse.headers=true', 'parse.key=true', `null.marker=${NULL}`].flatMap((one) => ['--reader-property', one]);
    const settings = ['linger.ms=500', 'batch.size=1000000', 'max.request.size=2000000'].flatMap((one) => ['--command-property', one]);
    const args = ['--topic', topic, '--compression-codec', compression, ...readers, ...settings];
    check(await java('ConsoleProducer', args, `${lines.join('\n')}\n`));
  },
  /** kcat gives all records of a run the same headers, and writes an empty field as null. */
  kcat: async (topic, compression) => {
    const lines = goldenRecords('kcat').map(({ key, value }) => `${key ?? ''}\t${value ?? ''}`);
    const args = ['-P', '-t', topic, '-K', '\t', '-Z', '-z', compression, '-X', 'linger.ms=500', '-H', 'from=kcat', '-H', 'empty'];
    check(await kcat(args, `${lines.join('\n')}\n`));
  },
};

function check({ code, stderr }: { readonly code: number | null; readonly stderr: string }): void {
  if (code !== 0) throw new Error(`the writer ended with ${code}: ${stderr}`);
}
