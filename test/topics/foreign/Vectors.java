import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.UUID;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Utils;

/**
 * What Kafka's Java client makes of keys and values, as JSON on standard output:
 *
 *     java -cp 'kafka/libs/*' test/topics/foreign/Vectors.java > test/topics/fixtures/java.json
 *
 * Keys come from a generator that the test repeats (xorshift32, seed 1): a length from 0 to 63, then as many bytes.
 */
public final class Vectors {
  static int state = 1;

  static int next() {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  }

  static byte[] nextKey() {
    byte[] key = new byte[next() & 63];
    for (int i = 0; i < key.length; i++) key[i] = (byte) next();
    return key;
  }

  public static void main(String[] args) throws Exception {
    int count = 100_000;
    int[] partitions = {2, 3, 7, 50, 1000};
    MessageDigest hashes = MessageDigest.getInstance("SHA-256");
    MessageDigest chosen = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < count; i++) {
      byte[] key = nextKey();
      hashes.update(ByteBuffer.allocate(4).putInt(Utils.murmur2(key)).array());
      for (int of : partitions) chosen.update(ByteBuffer.allocate(4).putInt(BuiltInPartitioner.partitionForKey(key, of)).array());
    }
    HexFormat hex = HexFormat.of();
    System.out.println("{");
    System.out.printf("  \"keys\": %d,%n  \"partitions\": [2, 3, 7, 50, 1000],%n", count);
    System.out.printf("  \"murmur2\": \"%s\",%n  \"chosen\": \"%s\",%n", hex.formatHex(hashes.digest()), hex.formatHex(chosen.digest()));
    System.out.println("  \"serialized\": [");
    short[] shorts = {0, -1, 32767, -32768};
    int[] ints = {0, -1, 2147483647, -2147483648, 123456};
    long[] longs = {0L, -1L, Long.MAX_VALUE, Long.MIN_VALUE, 9007199254740993L};
    float[] floats = {0f, -0f, 1.5f, Float.MAX_VALUE, Float.MIN_VALUE, Float.NEGATIVE_INFINITY};
    double[] doubles = {0d, -0d, 0.1d, Double.MAX_VALUE, Double.MIN_VALUE, Double.POSITIVE_INFINITY};
    String[] texts = {"", "gr\u00fc\u00dfe", "\u65e5\u672c\u8a9e \ud83d\ude80"};
    for (short v : shorts) print("int16", Short.toString(v), new ShortSerializer().serialize("t", v), false);
    for (int v : ints) print("int32", Integer.toString(v), new IntegerSerializer().serialize("t", v), false);
    for (long v : longs) print("int64", Long.toString(v), new LongSerializer().serialize("t", v), false);
    for (float v : floats) print("float32", Float.toString(v), new FloatSerializer().serialize("t", v), false);
    for (double v : doubles) print("float64", Double.toString(v), new DoubleSerializer().serialize("t", v), false);
    for (String v : texts) print("string", v, new StringSerializer().serialize("t", v), false);
    UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    print("uuid", uuid.toString(), new UUIDSerializer().serialize("t", uuid), false);
    print("bytes", "00ff", new ByteArraySerializer().serialize("t", new byte[] {0, (byte) 0xff}), true);
    System.out.println("  ]\n}");
  }

  static void print(String kind, String value, byte[] bytes, boolean isLast) {
    System.out.printf("    [\"%s\", \"%s\", \"%s\"]%s%n", kind, value, HexFormat.of().formatHex(bytes), isLast ? "" : ",");
  }
}
