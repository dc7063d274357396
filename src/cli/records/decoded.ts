import { describeError } from '../../errors.ts';
import { plainOf, type Serde, type SerdeContext } from '../../topics/index.ts';

/** The value of bytes in a form that JSON can hold; `{ error }` for bytes that do not decode. */
export async function decodedBy(serde: Serde<never, unknown>, bytes: Buffer, context: SerdeContext): Promise<unknown> {
  try {
    const value = await serde.decode(bytes, context);
    return serde.toPlain === undefined ? plainOf(value) : serde.toPlain(value);
  } catch (error) {
    return { error: describeError(error) };
  }
}
