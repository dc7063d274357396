/** One compression of record batches. Both directions are synchronous: a codec loads what it needs before it is handed out. */
export interface Codec {
  /** @param level how hard to try, where the codec has levels. @default Kafka's own default */
  compress(bytes: Buffer, level?: number): Buffer;
  /**
   * Allocates no more than about `maxBytes`, whatever the data claims.
   *
   * @throws CompressionError for data that is corrupt, or expands beyond `maxBytes`
   */
  decompress(bytes: Buffer, maxBytes: number): Buffer;
}
