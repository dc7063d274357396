import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readCsv } from '../../../src/connect/index.ts';

const folder = process.env.DATA_DIR;
const FILES = ['bank-full.csv', 'bank_marketing_data.csv', 'ford.csv'];

/** Why the tests over the real data are skipped, or undefined when they run. */
export const dataAbsent: string | undefined =
  folder === undefined
    ? 'DATA_DIR is not set'
    : FILES.every((file) => existsSync(join(folder, file)))
      ? undefined
      : `DATA_DIR=${folder} lacks one of ${FILES.join(', ')}`;

/** A path in the folder that `DATA_DIR` names. */
export function inData(file: string): string {
  return join(folder ?? '', file);
}

export type DataRow = Readonly<Record<string, number | string>>;

const TEXTS = new Set('job marital education default housing loan contact month poutcome y model transmission fuelType'.split(' '));

async function read(file: string): Promise<DataRow[]> {
  const rows: DataRow[] = [];
  for await (const result of readCsv(inData(file))) {
    if ('error' in result) throw result.error;
    rows.push(Object.fromEntries(Object.entries(result.row).map(([name, cell]) => [name, TEXTS.has(name) ? cell.trim() : Number(cell)])));
  }
  return rows;
}

/** The labelled customers, those of the simulation file apart. */
export async function bankRows(): Promise<{ train: DataRow[]; test: DataRow[] }> {
  const [all, simulated] = await Promise.all([read('bank-full.csv'), read('bank_marketing_data.csv')]);
  const names = Object.keys(simulated[0] as DataRow).filter((name) => name !== '');
  const keyOf = (row: DataRow) => names.map((name) => row[name]).join('|');
  const keys = new Set(simulated.map(keyOf));
  return { train: all.filter((row) => !keys.has(keyOf(row))), test: all.filter((row) => keys.has(keyOf(row))) };
}

export function carRows(): Promise<DataRow[]> {
  return read('ford.csv');
}
