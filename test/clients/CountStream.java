import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Produced;

/** Kafka Streams: counts by key, through a changelog and with the guarantee that is given. Prints one JSON object. */
public class CountStream {
  static final int COUNT = 1000;

  public static void main(String[] args) throws Exception {
    String brokers = args[0], guarantee = args[1], state = args[2], in = "ks-in-" + guarantee, out = "ks-out-" + guarantee;
    Properties base = new Properties();
    base.put("bootstrap.servers", brokers);
    try (Admin admin = Admin.create(base)) {
      admin.createTopics(List.of(new NewTopic(in, 2, (short) 1), new NewTopic(out, 2, (short) 1))).all().get();
    }
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(base, new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < COUNT; i++) producer.send(new ProducerRecord<>(in, "k" + i % 10, "v" + i));
    }
    StreamsBuilder builder = new StreamsBuilder();
    builder.<String, String>stream(in).groupByKey().count().toStream().to(out, Produced.with(Serdes.String(), Serdes.Long()));
    Properties config = new Properties();
    config.putAll(base);
    config.put("application.id", "ks-" + guarantee);
    config.put("processing.guarantee", guarantee);
    config.put("default.key.serde", Serdes.StringSerde.class.getName());
    config.put("default.value.serde", Serdes.StringSerde.class.getName());
    config.put("state.dir", state);
    config.put("commit.interval.ms", "200");
    config.put("replication.factor", "1");
    KafkaStreams streams = new KafkaStreams(builder.build(), config);
    streams.start();
    Properties reading = new Properties();
    reading.putAll(base);
    reading.put("group.id", "check-" + guarantee);
    reading.put("auto.offset.reset", "earliest");
    reading.put("isolation.level", "read_committed");
    Map<String, Long> counts = new HashMap<>();
    long deadline = System.currentTimeMillis() + 40_000;
    try (KafkaConsumer<String, Long> consumer = new KafkaConsumer<>(reading, new StringDeserializer(), new LongDeserializer())) {
      consumer.subscribe(List.of(out));
      while (!isDone(counts) && System.currentTimeMillis() < deadline) {
        consumer.poll(Duration.ofMillis(200)).forEach(record -> counts.merge(record.key(), record.value(), Math::max));
      }
    }
    streams.close(Duration.ofSeconds(10));
    boolean ok = isDone(counts);
    System.out.printf("{\"version\":\"%s\",\"produced\":%d,\"consumed\":%d,\"transacted\":%d,\"ok\":%b}%n", AppInfoParser.getVersion(), COUNT,
        counts.values().stream().mapToLong(Long::longValue).sum(), guarantee.equals("exactly_once_v2") ? COUNT : 0, ok);
    System.exit(ok ? 0 : 1);
  }

  static boolean isDone(Map<String, Long> counts) {
    return counts.size() == 10 && counts.values().stream().allMatch(count -> count == COUNT / 10);
  }
}
