import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.ArrayOf;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.CompactArrayOf;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.MemoryRecords;

/**
 * Writes random messages with the classes of Kafka's Java client. Each line of the input asks for one: api key, version,
 * "request" or "response", seed. Each line of the output is a JSON object: what was asked for, the bytes in hex, and the
 * fields as Kafka's own converter prints them.
 */
public class Messages {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Random random;

    private Messages(long seed) {
        random = new Random(seed);
    }

    public static void main(String[] args) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] asked = line.split(" ");
            System.out.println(message(Short.parseShort(asked[0]), Short.parseShort(asked[1]), asked[2], Long.parseLong(asked[3])));
        }
    }

    private static String message(short key, short version, String side, long seed) throws Exception {
        ApiKeys api = ApiKeys.forId(key);
        boolean isRequest = side.equals("request");
        ApiMessage message = isRequest ? api.messageType.newRequest() : api.messageType.newResponse();
        Schema schema = ((Schema[]) message.getClass().getField("SCHEMAS").get(null))[version];
        Struct struct = new Messages(seed).struct(schema);
        ByteBuffer drafted = ByteBuffer.allocate(struct.sizeOf());
        struct.writeTo(drafted);
        drafted.flip();
        // Read and written again by the message's own class: defaults of tagged fields are left out then.
        message.read(new ByteBufferAccessor(drafted), version);
        ByteBuffer bytes = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] written = new byte[bytes.remaining()];
        bytes.get(written);
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        JsonNode fields = (JsonNode) converter.getMethod("write", message.getClass(), short.class).invoke(null, message, version);
        ObjectNode line = JSON.createObjectNode();
        line.put("key", key).put("version", version).put("side", side).put("hex", HexFormat.of().formatHex(written));
        line.set("fields", fields);
        return JSON.writeValueAsString(line);
    }

    private Struct struct(Schema schema) {
        Struct struct = new Struct(schema);
        for (BoundField field : schema.fields()) struct.set(field, value(field.def.type));
        return struct;
    }

    private Object value(Type type) {
        if (type instanceof TaggedFields) return tagged((TaggedFields) type);
        if (type.isNullable() && random.nextInt(5) == 0) return null;
        if (type instanceof Schema) return struct((Schema) type);
        if (type instanceof ArrayOf) return array(((ArrayOf) type).arrayElementType().get());
        if (type instanceof CompactArrayOf) return array(((CompactArrayOf) type).arrayElementType().get());
        String name = type.toString().replace("COMPACT_", "").replace("NULLABLE_", "");
        switch (name) {
            case "BOOLEAN": return random.nextBoolean();
            case "INT8": return (byte) random.nextInt();
            case "INT16": return (short) random.nextInt();
            case "INT32": return random.nextInt();
            // Whole numbers of a double: what offsets, times and ids of producers stay within.
            case "INT64": return random.nextLong() >> 10;
            case "UUID": return new Uuid(random.nextLong(), random.nextLong());
            case "STRING": return string();
            case "BYTES": return ByteBuffer.wrap(bytes());
            case "RECORDS": return MemoryRecords.readableRecords(ByteBuffer.wrap(bytes()));
            default: throw new IllegalArgumentException("no value for " + type);
        }
    }

    private Object[] array(Type item) {
        Object[] items = new Object[random.nextInt(6) == 0 ? 0 : 1 + random.nextInt(2)];
        for (int i = 0; i < items.length; i++) items[i] = value(item);
        return items;
    }

    private Map<Integer, Object> tagged(TaggedFields type) {
        Map<Integer, Object> values = new TreeMap<>();
        for (Map.Entry<Integer, Field> field : type.fields().entrySet()) {
            if (random.nextBoolean()) values.put(field.getKey(), value(field.getValue().type));
        }
        return values;
    }

    private String string() {
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(8); left > 0; left--) text.appendCodePoint("abcXYZ019._-é€😀".codePoints().toArray()[random.nextInt(15)]);
        return text.toString();
    }

    private byte[] bytes() {
        byte[] bytes = new byte[random.nextInt(12)];
        random.nextBytes(bytes);
        return bytes;
    }
}
