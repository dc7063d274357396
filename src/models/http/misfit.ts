/** An answer whose form is not the protocol's. The message continues a sentence that begins `the model at http://...`. */
export class Misfit extends Error {
  override name = 'Misfit';
  readonly next: string | undefined;

  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}
