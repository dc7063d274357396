import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError, messageOf, propertyOf } from '../../errors.ts';
import { bytesOf } from '../worker/source.ts';

/** Longest download: a server that hangs must not stop the polling. */
const FETCH_MS = 60_000;

/** The origin of a model's file, read again and again. */
export interface WatchedSource {
  /** For messages. */
  readonly name: string;
  /**
   * Resolves to the content, or to undefined when it is certainly the one returned last. Rejects when it cannot be read as a whole.
   *
   * @param force read it even if nothing seems to have changed
   */
  look(force: boolean, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

export interface DownloadOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly maxBytes: number;
}

/** Returns a source that is watched: a path or file URL by `stat`, an http URL with the `ETag` or date of the last answer. */
export function watchedSource(source: string | URL, options: DownloadOptions): WatchedSource {
  const text = String(source);
  if (/^https?:\/\//.test(text)) return httpSource(text, options);
  return fileSource(source instanceof URL || text.startsWith('file:') ? fileURLToPath(text) : text);
}

function fileSource(path: string): WatchedSource {
  let last: string | undefined;
  const mark = async (): Promise<string> => {
    const { mtimeMs, size, ino } = await stat(path).catch((cause: unknown) => {
      throw new ConfigError(`cannot read the model file ${path}: ${messageOf(cause)}`, { cause });
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
function httpSource(url: string, { headers = {}, maxBytes }: DownloadOptions): WatchedSource {
  let known: Record<string, string> = {};
  return {
    name: url,
    async look(force, signal) {
      const failed = (cause: unknown): never => {
        throw new ConfigError(`cannot fetch the model from ${url}: ${messageOf(propertyOf(cause, 'cause') ?? cause)}`, { cause });
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
      const bytes = await bodyOf(response, maxBytes).catch(failed);
      const [etag, date] = [response.headers.get('etag'), response.headers.get('last-modified')];
      known = { ...(etag === null ? {} : { 'if-none-match': etag }), ...(date === null ? {} : { 'if-modified-since': date }) };
      return bytes;
    },
  };
}

/** `fetch` unpacks what is compressed: a few bytes may become any number of them. */
async function bodyOf({ body }: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError(`it is longer than the maxBytes of ${maxBytes}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
