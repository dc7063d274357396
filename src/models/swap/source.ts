import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.ts';
import { bytesOf } from '../worker/source.ts';

/** Longest download: a server that hangs must not keep the looks from going on. */
const FETCH_MS = 60_000;

/** Where a model's file comes from, looked at again and again. */
export interface WatchedSource {
  /** For messages. */
  readonly name: string;
  /**
   * The content, or undefined when it is for certain the one that was given last. Rejects when it cannot be had whole.
   *
   * @param force even if nothing seems to have changed
   */
  look(force: boolean, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** A path or file URL is looked at by `stat`, an http URL is asked with the `ETag` or date of the last answer. */
export function watchedSource(source: string | URL, headers: Readonly<Record<string, string>> = {}): WatchedSource {
  const text = String(source);
  if (/^https?:\/\//.test(text)) return httpSource(text, headers);
  return fileSource(source instanceof URL || text.startsWith('file:') ? fileURLToPath(text) : text);
}

function fileSource(path: string): WatchedSource {
  let last: string | undefined;
  const mark = async (): Promise<string> => {
    const { mtimeMs, size, ino } = await stat(path).catch((cause: Error) => {
      throw new ConfigError(`cannot read the model file ${path}: ${cause.message}`, { cause });
    });
    return `${mtimeMs} ${size} ${ino}`;
  };
  return {
    name: path,
    async look(force) {
      const before = await mark();
      if (!force && before === last) return undefined;
      const bytes = await bytesOf(path);
      if ((await mark()) !== before) throw new ConfigError(`the model file ${path} is being written`);
      last = before;
      return bytes;
    },
  };
}

/** A body that breaks off is an error of `fetch`, so that half a file never counts. */
function httpSource(url: string, headers: Readonly<Record<string, string>>): WatchedSource {
  let known: Record<string, string> = {};
  return {
    name: url,
    async look(force, signal) {
      const failed = (cause: Error): never => {
        throw new ConfigError(`cannot fetch the model from ${url}: ${((cause.cause as Error | undefined) ?? cause).message}`, { cause });
      };
      const response = await fetch(url, {
        headers: { ...headers, ...(force ? {} : known) },
        signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)]),
      }).catch(failed);
      if (response.status === 304) return undefined;
      if (!response.ok) {
        await response.body?.cancel();
        throw new ConfigError(`cannot fetch the model from ${url}: it answered ${response.status}`);
      }
      const bytes = new Uint8Array(await response.arrayBuffer().catch(failed));
      const [etag, date] = [response.headers.get('etag'), response.headers.get('last-modified')];
      known = { ...(etag === null ? {} : { 'if-none-match': etag }), ...(date === null ? {} : { 'if-modified-since': date }) };
      return bytes;
    },
  };
}
