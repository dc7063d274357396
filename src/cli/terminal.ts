/**
 * Standard output and standard error of one terminal, with one line at the bottom that is rewritten in place. Everything else
 * is printed above it.
 */
class Terminal {
  #bottom = '';

  /** The line at the bottom; '' removes it. Only for a terminal. */
  set bottom(text: string) {
    this.#clear();
    this.#bottom = text.slice(0, Math.max(0, (process.stdout.columns || 80) - 1));
    process.stdout.write(this.#bottom);
  }

  write(stream: NodeJS.WriteStream, text: string): void {
    this.#clear();
    stream.write(text);
    if (this.#bottom !== '') process.stdout.write(this.#bottom);
  }

  #clear(): void {
    if (this.#bottom !== '') process.stdout.write('\r\x1b[2K');
  }
}

export const terminal = new Terminal();
