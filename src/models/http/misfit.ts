/** An answer whose form is not what the protocol says. The message goes on where `the model at http://...` ends. */
export class Misfit extends Error {
  override name = 'Misfit';
  readonly next: string | undefined;

  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}
