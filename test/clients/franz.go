// franz-go in its defaults: produces, consumes with a group, transacts. Prints one JSON object.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const count = 1000

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	brokers, version := os.Args[1], os.Args[2]
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers))
	check(err)
	create := kmsg.NewPtrCreateTopicsRequest()
	for _, name := range []string{"fg-in", "fg-out"} {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, 2, 1
		create.Topics = append(create.Topics, topic)
	}
	_, err = create.RequestWith(ctx, client)
	check(err)
	for i := 0; i < count; i++ {
		client.Produce(ctx, &kgo.Record{Topic: "fg-in", Key: []byte(strconv.Itoa(i % 10)), Value: []byte(strconv.Itoa(i))}, func(_ *kgo.Record, err error) { check(err) })
	}
	check(client.Flush(ctx))
	client.Close()

	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(brokers), kgo.TransactionalID("fg"), kgo.ConsumerGroup("fg-copy"),
		kgo.ConsumeTopics("fg-in"), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.RequireStableFetchOffsets())
	check(err)
	seen := 0
	for seen < count {
		fetches := session.PollRecords(ctx, 100)
		check(fetches.Err())
		check(session.Begin())
		fetches.EachRecord(func(record *kgo.Record) {
			seen++
			session.Produce(ctx, &kgo.Record{Topic: "fg-out", Key: record.Key, Value: record.Value}, func(_ *kgo.Record, err error) { check(err) })
		})
		committed, err := session.End(ctx, kgo.TryCommit)
		check(err)
		if !committed {
			check(fmt.Errorf("a transaction was not committed"))
		}
	}
	check(session.Begin())
	check(session.ProduceSync(ctx, &kgo.Record{Topic: "fg-out", Value: []byte("aborted")}).FirstErr())
	_, err = session.End(ctx, kgo.TryAbort)
	check(err)
	session.Close()

	reader, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ConsumerGroup("fg-check"), kgo.ConsumeTopics("fg-out"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	check(err)
	values := map[string]bool{}
	for len(values) < count {
		fetches := reader.PollFetches(ctx)
		check(fetches.Err())
		fetches.EachRecord(func(record *kgo.Record) { values[string(record.Value)] = true })
	}
	reader.Close()
	ok := len(values) == count && !values["aborted"]
	fmt.Printf("{\"version\":%q,\"produced\":%d,\"consumed\":%d,\"transacted\":%d,\"ok\":%t}\n", version, count, seen, len(values), ok)
	if !ok {
		os.Exit(1)
	}
}
