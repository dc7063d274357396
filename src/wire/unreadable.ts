/**
 * A record batch whose records cannot be had: a checksum that does not fit, a codec that is not known, records that are
 * cut off. The message says what is wrong with it.
 */
export class UnreadableBatch extends Error {
  override name = 'UnreadableBatch';
  /** First offset of the batch, as its header says. */
  readonly baseOffset: number;

  constructor(baseOffset: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.baseOffset = baseOffset;
  }
}
