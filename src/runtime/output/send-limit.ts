import { StreamerError } from '../../errors.ts';
import { type Deadline, deadline } from '../../timing/index.ts';
import { checkSendOptions, type SendOptions } from '../../topics/index.ts';

/** Returns the deadline of a send; undefined when it has none. @throws ConfigError for options that do not fit */
export function sendLimit(topic: string, options: SendOptions): Deadline | undefined {
  checkSendOptions(`send to topic "${topic}"`, options);
  const { timeoutMs, signal } = options;
  if (timeoutMs === undefined && signal === undefined) return undefined;
  const late = () => new StreamerError('TIMEOUT', `no broker acknowledged the message within ${timeoutMs} ms`, { topic, retryable: true });
  return deadline(signal, timeoutMs ?? 0, late);
}
