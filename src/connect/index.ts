// Files.
export { type CsvOptions, type CsvProblem, type CsvRow, readCsv } from './csv.ts';
