/**
 * Topics that brokers and tools keep for themselves, as `__consumer_offsets`: their names begin with two underscores. One that also ends
 * with two, as `__proto__`, is somebody's own.
 */
export function isReserved(topic: string): boolean {
  return topic.startsWith('__') && !topic.endsWith('__');
}
