import type { OutputHeaders } from '../../agents/index.ts';
import { pickHeaders, type RecordHeaders, setHeader } from '../../kafka/index.ts';

/** Headers of an output: those of its event, except the runtime's own, and over them those that the output has itself. */
export function outputHeaders(event: RecordHeaders, own: OutputHeaders | undefined): RecordHeaders | undefined {
  const headers = forwarded(event);
  if (own === undefined) return headers;
  const result: RecordHeaders = { ...headers };
  for (const [name, value] of Object.entries(own)) {
    if (value === null) delete result[name];
    else setHeader(result, name, Buffer.from(value));
  }
  return result;
}

function forwarded(headers: RecordHeaders): RecordHeaders | undefined {
  let isEmpty = true;
  for (const name in headers) {
    isEmpty = false;
    if (name.startsWith('streamer.')) return pickHeaders(headers, (each) => !each.startsWith('streamer.'));
  }
  return isEmpty ? undefined : headers;
}
