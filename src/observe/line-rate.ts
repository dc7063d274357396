import type { LogLevel } from './logging.ts';

/** Lines of one kind come at most once in this time. */
const WINDOW_MS = 1_000;

interface Line {
  readonly level: LogLevel;
  readonly text: string;
}

interface Window {
  /** Lines that were held back, and the last of them. */
  held: number;
  last: Line | undefined;
  readonly timer: NodeJS.Timeout;
}

/** Writes at most one line a second of each kind: the first at once, and those that follow within the second as one, with their number. */
export class LineRate {
  readonly #write: (line: Line) => void;
  readonly #windows = new Map<string, Window>();

  constructor(write: (line: Line) => void) {
    this.#write = write;
  }

  add(kind: string, level: LogLevel, text: string): void {
    const window = this.#windows.get(kind);
    if (window === undefined) {
      this.#write({ level, text });
      this.#open(kind);
      return;
    }
    window.held++;
    window.last = { level, text };
  }

  /** Writes what is held back. */
  close(): void {
    for (const { timer, last, held } of this.#windows.values()) {
      clearTimeout(timer);
      this.#writeHeld(last, held);
    }
    this.#windows.clear();
  }

  #open(kind: string): void {
    const timer = setTimeout(() => this.#over(kind), WINDOW_MS).unref();
    this.#windows.set(kind, { held: 0, last: undefined, timer });
  }

  #over(kind: string): void {
    const { held = 0, last } = this.#windows.get(kind) ?? {};
    this.#windows.delete(kind);
    if (held === 0) return;
    this.#writeHeld(last, held);
    this.#open(kind);
  }

  #writeHeld(last: Line | undefined, held: number): void {
    if (last === undefined) return;
    this.#write(held === 1 ? last : { ...last, text: `${last.text} (the last of ${held} within a second)` });
  }
}
