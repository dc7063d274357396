/** SIGINT and SIGTERM end the process, and with it (system/child.ts) its children: by default they would stay. */
export function endOnSignals(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}
