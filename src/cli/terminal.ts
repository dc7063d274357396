/**
 * Standard output and standard error of one terminal, with one line at the bottom that is written anew in place. Whatever
 * else is printed goes above it.
 */
class Terminal {
  #bottom = '';

  /** The line that stays at the bottom; '' takes it away. Only for a terminal. */
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
