import { type CsvFileWriterOptions, csvFileWriter } from '../connect/csv-file/writer.ts';
import { checkValue, that } from '../options/index.ts';
import type { Behaviour } from './behaviour.ts';
import type { SinkBatchOptions } from './sink/batch.ts';
import { sink } from './sink/sink.ts';

export interface CsvFileSinkOptions<K, V> extends CsvFileWriterOptions<K, V> {
  readonly batch?: SinkBatchOptions | undefined;
}

const withColumns = that("a file and its columns, as ('prices.csv', { columns: ['id', 'price'] })", (options) => options !== undefined);

/**
 * Appends events to a CSV file: `app.agent('keep', predictions, csvFileSink('predictions.csv', { columns: ['id', 'price'] }))`. A new file gets a
 * header; half a row that a crash has left is cut off. An event is finished when its line is on the disk, so after a crash lines may
 * be repeated, never lost. Tombstones are passed over. A file is written by one worker: give each its own.
 */
export function csvFileSink<K, V>(file: string, options: CsvFileSinkOptions<K, V>): Behaviour<K, V, never> {
  checkValue('csvFileSink', withColumns, options);
  const { batch, ...others } = options;
  return sink(csvFileWriter(file, others), batch);
}
