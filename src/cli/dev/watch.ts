import { type FSWatcher, watch } from 'node:fs';

/** Editors write a file in several steps. */
const SETTLE_MS = 150;
const SOURCE = /\.(?:[mc]?[jt]sx?|json)$/;
const IGNORED = /(?:^|[/\\])(?:node_modules|\.git|dist)(?:[/\\]|$)/;

/** Calls back with the name of a source file that changed, once per burst. Returns a function that ends it. */
export function watchFolders(folders: readonly string[], changed: (file: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watchers: FSWatcher[] = folders.map((folder) =>
    watch(folder, { recursive: true }, (_, file) => {
      if (file === null || !SOURCE.test(file) || IGNORED.test(file)) return;
      clearTimeout(timer);
      timer = setTimeout(() => changed(file), SETTLE_MS);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
