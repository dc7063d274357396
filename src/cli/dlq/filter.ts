import type { LetterInfo } from '../../runtime/index.ts';
import type { RawOptions } from '../options.ts';

/** What `--agent`, `--error`, `--code` and `--match` let through; all that are given must hold. */
export function letterFilter(options: RawOptions): (letter: LetterInfo) => boolean {
  const { agent, error, code, match } = options;
  return (letter) =>
    (agent === undefined || letter.agent === agent) &&
    (error === undefined || letter.error === error) &&
    (code === undefined || letter.code === code) &&
    (match === undefined || (letter.message ?? '').includes(String(match)));
}

/** `customer_pred[1]@42` */
export function originOf({ topic, partition, offset }: LetterInfo): string {
  return `${topic ?? '?'}[${partition ?? '?'}]@${offset ?? '?'}`;
}
