import { freePort } from '../../cli/helpers.ts';
import { APP_FILE, Child } from './child.ts';

/** The model server that the `model` agent asks, in a process that can be killed and started again on its port. */
export class ModelServer {
  readonly #port: number;
  #child: Child;

  static async start(): Promise<ModelServer> {
    const server = new ModelServer(await freePort());
    await server.#child.until('listening');
    return server;
  }

  private constructor(port: number) {
    this.#port = port;
    this.#child = this.#spawn();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/predict`;
  }

  kill(): Promise<void> {
    return this.#child.kill();
  }

  /** Of two faults that overlap, the first that ends starts it again. */
  async restart(): Promise<void> {
    if (!this.#child.hasExited) return;
    this.#child = this.#spawn();
    await this.#child.until('listening');
  }

  #spawn(): Child {
    return new Child(['run', '-A', APP_FILE, 'model', '--port', String(this.#port)]);
  }
}
