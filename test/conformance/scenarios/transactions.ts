import { deleteTopics } from '../../../src/wire/apis/admin.ts';
import { deleteRecords, fetch } from '../../../src/wire/apis/data.ts';
import { joinGroup, offsetCommit, offsetFetch, syncGroup } from '../../../src/wire/apis/group.ts';
import * as txn from '../../../src/wire/apis/transaction.ts';
import { committed, ends, newTopic, Producing, read, sendPlain } from './producing.ts';
import type { Script } from './script.ts';

/** Conversations about transactions, by name. Apache Kafka's answers to them are in `golden.json`. */
export const TRANSACTIONS: Readonly<Record<string, (script: Script) => Promise<void>>> = {
  async 'producer ids and epochs'(script) {
    const one = await Producing.started(script);
    await one.init();
    const { producerId, epoch } = one;
    await one.init({ producerId, producerEpoch: epoch });
    await one.init({ producerId, producerEpoch: epoch });
    await one.init({ producerId, producerEpoch: 0 });
    await one.init({ producerId, producerEpoch: 0, version: 3 });
    await one.init({ producerId: producerId + 100_000, producerEpoch: 0 });
    await one.init({ timeoutMs: 0 });
    await one.init({ timeoutMs: -5 });
    await one.init({ timeoutMs: 900_001 });
    await one.init({ timeoutMs: 900_000, version: 0 });
    const anybody = await script.toTransactions('any');
    await script.ask(anybody, 'no id', txn.initProducerId, 4, { transactionalId: null, transactionTimeoutMs: 0 });
    await script.ask(anybody, 'empty id', txn.initProducerId, 4, { transactionalId: '', transactionTimeoutMs: 1000 });
    const fresh = await Producing.of(script, script.name('fresh'));
    await fresh.init({ producerId: 5_000_000, producerEpoch: 3 });
  },

  async 'a commit over two partitions'(script) {
    const topic = await newTopic(script, 'T', 2);
    const one = await Producing.started(script);
    await sendPlain(script, topic, 0, ['before']);
    await one.add(topic, [0, 1]);
    await one.add(topic, [0, 1]);
    await one.send(topic, 0, 0, ['a', 'b']);
    await one.send(topic, 1, 0, ['c']);
    await read(script, topic);
    await ends(script, topic);
    await one.end(true);
    await one.init();
    for (const index of [0, 1]) await read(script, topic, index);
    await ends(script, topic);
  },

  async 'an abort'(script) {
    const topic = await newTopic(script);
    const one = await Producing.started(script);
    await one.add(topic, [0]);
    await one.send(topic, 0, 0, ['lost', 'too']);
    await one.end(false);
    await one.add(topic, [0]);
    await one.send(topic, 0, 2, ['kept']);
    await one.end(true);
    await one.init();
    await read(script, topic);
    await read(script, topic, 0, 1);
    await read(script, topic, 0, 2);
    await read(script, topic, 0, 3);
    await ends(script, topic);
  },

  async 'transactions that overlap'(script) {
    const topic = await newTopic(script);
    const [one, two] = [await Producing.started(script, 'X'), await Producing.started(script, 'Y')];
    await one.add(topic, [0]);
    await two.add(topic, [0]);
    await one.send(topic, 0, 0, ['one']);
    await sendPlain(script, topic, 0, ['plain']);
    await two.send(topic, 0, 0, ['two']);
    await two.end(true);
    await two.init();
    await read(script, topic);
    await ends(script, topic);
    await two.add(topic, [0]);
    await two.send(topic, 0, 0, ['two again']);
    await one.end(false);
    await one.init();
    await read(script, topic);
    await two.end(false);
    await two.init();
    await sendPlain(script, topic, 0, ['after']);
    await read(script, topic);
    await read(script, topic, 0, 3);
    await read(script, topic, 0, 6);
  },

  async 'partitions that were added and not written to'(script) {
    const topic = await newTopic(script, 'T', 2);
    const one = await Producing.started(script);
    await one.add(topic, [0, 1]);
    await one.send(topic, 0, 0, ['a']);
    await one.end(false);
    await one.init();
    for (const index of [0, 1]) await read(script, topic, index);
    await one.add(topic, [1]);
    await one.end(true);
    await one.init();
    await read(script, topic, 1);
  },

  async 'a second producer under the same id'(script) {
    const topic = await newTopic(script);
    const group = script.name('G');
    const old = await Producing.started(script);
    await old.add(topic, [0]);
    await old.send(topic, 0, 0, ['old']);
    const young = await old.twin();
    await young.initOnce();
    await young.init();
    await old.send(topic, 0, 1, ['zombie']);
    await old.send(topic, 0, 1, ['zombie'], { version: 9 });
    await young.add(topic, [0]);
    await young.send(topic, 0, 0, ['young']);
    for (const version of [1, 2, 3]) {
      await old.add(topic, [0], version);
      await old.addOffsets(group, version);
      await old.end(true, version);
      await old.commitOffset(group, topic, 5, { version });
    }
    await old.send(topic, 0, 2, ['zombie']);
    await young.end(true);
    await young.init();
    await read(script, topic);
  },

  async 'an owner that asks again while it is being fenced'(script) {
    const topic = await newTopic(script);
    const old = await Producing.started(script);
    await old.add(topic, [0]);
    await old.send(topic, 0, 0, ['old']);
    const young = await old.twin();
    await young.initOnce();
    await old.init({ producerId: old.producerId, producerEpoch: old.epoch });
    await old.add(topic, [0]);
    await old.send(topic, 0, 0, ['old again']);
    await old.end(true);
    await young.init();
    await old.init({ producerId: old.producerId, producerEpoch: old.epoch });
    await read(script, topic);
  },

  async 'ends that do not fit the state'(script) {
    const topic = await newTopic(script);
    const one = await Producing.started(script);
    await one.end(true);
    await one.end(false);
    await one.add(topic, [0]);
    await one.end(true);
    await one.end(true);
    await one.end(false);
    await one.add(topic, [0]);
    await one.end(false);
    await one.end(false);
    await one.end(true);
    await (await one.like({ epoch: one.epoch + 1 })).end(true);
    await (await one.like({ epoch: one.epoch + 1 })).end(true, 1);
  },

  async 'who is not who it says'(script) {
    const topic = await newTopic(script);
    const one = await Producing.started(script);
    const [wrongId, stranger] = [await one.like({ producerId: one.producerId + 1_000_000 }), await one.like({ id: script.name('Z') })];
    const future = await one.like({ epoch: one.epoch + 1 });
    const group = script.name('G');
    for (const other of [wrongId, stranger, future]) {
      await other.add(topic, [0]);
      await other.add(topic, [0], 1);
      await other.addOffsets('a-group');
      await other.end(true);
      await other.send(topic, 0, 0, ['x']);
      await other.commitOffset(group, topic, 1);
    }
    const nameless = await Producing.of(script, '');
    await nameless.add(topic, [0]);
    await nameless.addOffsets('a-group');
    await nameless.end(true);
    await read(script, topic);
  },

  async 'records without a transaction'(script) {
    const topic = await newTopic(script, 'T', 3);
    const one = await Producing.started(script);
    await one.send(topic, 0, 0, ['not added']);
    await one.send(topic, 0, 0, ['not added'], { version: 9 });
    await one.add(topic, [1]);
    await one.send(topic, 0, 0, ['another partition']);
    await one.send(topic, 1, 0, ['no id in the request'], { transactionalId: null });
    await one.send(topic, 1, 0, ['added'], {});
    await one.send(topic, 1, 1, ['not transactional'], { attributes: 0 });
    await one.send(topic, 1, 1, ['not transactional, no id'], { attributes: 0, transactionalId: null });
    await one.send(topic, 2, 0, ['idempotent only'], { attributes: 0, transactionalId: null });
    await one.send(topic, 2, 1, ['idempotent, with an id'], { attributes: 0 });
    await one.end(true);
    await one.init();
    for (const index of [0, 1, 2]) await read(script, topic, index);
  },

  async 'sequences within and across transactions'(script) {
    const topic = await newTopic(script);
    const one = await Producing.started(script);
    await one.add(topic, [0]);
    await one.send(topic, 0, 3, ['not from 0']);
    await one.send(topic, 0, 0, ['a']);
    await one.send(topic, 0, 0, ['a']);
    await one.send(topic, 0, 1, ['b', 'c']);
    await one.send(topic, 0, 9, ['gap']);
    await one.end(true);
    await one.add(topic, [0]);
    await one.send(topic, 0, 1, ['b', 'c']);
    await one.send(topic, 0, 0, ['back to 0']);
    await one.send(topic, 0, 3, ['d']);
    await one.end(false);
    await one.init();
    await one.add(topic, [0]);
    await one.send(topic, 0, 4, ['new epoch']);
    await one.send(topic, 0, 0, ['e']);
    await one.end(true);
    await one.init();
    await read(script, topic);
  },

  async 'partitions that are not there'(script) {
    const topic = await newTopic(script);
    const absent = script.name('absent');
    const one = await Producing.started(script);
    await one.add(topic, [7]);
    await one.add(absent, [0]);
    const owner = { transactionalId: one.id, producerId: one.producerId, producerEpoch: one.epoch };
    const topics = [
      { name: topic, partitions: [0, 9] },
      { name: absent, partitions: [0] },
    ];
    await script.ask(await script.toTransactions(one.id), 'both', txn.addPartitionsToTxn, 3, { ...owner, topics });
    await one.send(topic, 0, 0, ['x']);
    await one.end(true);
    await read(script, topic);
  },

  async 'offsets in a transaction'(script) {
    const topic = await newTopic(script);
    const group = script.name('G');
    const one = await Producing.started(script);
    await one.commitOffset(group, topic, 1);
    await one.addOffsets(group);
    await one.commitOffset(group, topic, 2);
    await one.commitOffset(group, topic, 3);
    await committed(script, group, topic);
    const everything = { groupId: group, topics: null, requireStable: true };
    await script.ask(await script.toGroup(group), 'all', offsetFetch, 7, everything);
    const groups = [{ groupId: group, topics: null }];
    await script.ask(await script.toGroup(group), 'all', offsetFetch, 8, { groups, requireStable: true });
    await one.end(true);
    await one.init();
    await committed(script, group, topic);
    await one.addOffsets(group);
    await one.commitOffset(group, topic, 9);
    await committed(script, group, topic);
    await one.end(false);
    await one.init();
    await committed(script, group, topic);
    await one.addOffsets(group);
    await one.commitOffset(group, script.name('absent'), 1);
    await one.end(true);
  },

  async 'offsets in old versions'(script) {
    const topic = await newTopic(script);
    const group = script.name('G');
    const one = await Producing.started(script);
    await one.addOffsets(group, 0);
    for (const version of [0, 1, 2]) await one.commitOffset(group, topic, version + 1, { version });
    await one.end(true, 0);
    await one.init();
    await committed(script, group, topic);
  },

  async 'offsets of a group with members'(script) {
    const topic = await newTopic(script);
    const group = script.name('G');
    const one = await Producing.started(script);
    await one.addOffsets(group);
    await one.commitOffset(group, topic, 1, { generationId: 1, memberId: 'nobody' });
    const coordinator = await script.toGroup(group);
    const joining = {
      groupId: group,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('m') }],
    };
    const { memberId, generationId } = await coordinator.send(joinGroup, 3, { ...joining, memberId: '' });
    const claim = { memberId, generationId, groupInstanceId: null };
    await one.commitOffset(group, topic, 2, claim);
    const assignments = [{ memberId, assignment: Buffer.from('a') }];
    await coordinator.send(syncGroup, 3, { groupId: group, ...claim, assignments });
    await one.commitOffset(group, topic, 3, claim);
    await one.commitOffset(group, topic, 4, { ...claim, generationId: generationId + 1 });
    await one.commitOffset(group, topic, 5, { ...claim, generationId: generationId - 1 });
    await one.commitOffset(group, topic, 6, { ...claim, memberId: 'nobody' });
    await one.commitOffset(group, topic, 7, { ...claim, groupInstanceId: 'nobody' });
    await one.commitOffset(group, topic, 8, { generationId: -1, memberId: '' });
    await one.commitOffset(group, topic, 9, { generationId: -1, memberId });
    await one.commitOffset(group, topic, 10, { version: 2 });
    await one.end(true);
    await one.init();
    await committed(script, group, topic);
  },

  async 'a plain commit beside an open transaction'(script) {
    const topic = await newTopic(script);
    const group = script.name('G');
    const one = await Producing.started(script);
    await one.addOffsets(group);
    await one.commitOffset(group, topic, 5);
    const topics = [{ name: topic, partitions: [{ index: 0, offset: 7, metadata: 'plain' }] }];
    const plain = { groupId: group, generationId: -1, memberId: '', topics };
    await script.ask(await script.toGroup(group), 'plain', offsetCommit, 7, plain);
    await committed(script, group, topic);
    await one.end(true);
    await one.init();
    await committed(script, group, topic);
  },

  async 'two transactions with offsets of one group'(script) {
    const topic = await newTopic(script);
    const group = script.name('G');
    const [one, two] = [await Producing.started(script, 'X'), await Producing.started(script, 'Y')];
    await one.addOffsets(group);
    await two.addOffsets(group);
    await one.commitOffset(group, topic, 5);
    await two.commitOffset(group, topic, 3);
    await one.end(true);
    await one.init();
    await committed(script, group, topic);
    await two.end(true);
    await two.init();
    await committed(script, group, topic);
  },

  async 'a transaction that takes too long'(script) {
    const topic = await newTopic(script);
    const one = await Producing.of(script, script.name('X'));
    await one.init({ timeoutMs: 1500 });
    await one.add(topic, [0]);
    await one.send(topic, 0, 0, ['late']);
    const leader = await script.toLeader(topic);
    // Kafka looks for such transactions every ten seconds.
    const asked = { name: topic, partitions: [{ index: 0, fetchOffset: 0, maxBytes: 1000 }] };
    for (let isOpen = true; isOpen; ) {
      const request = { replicaId: -1, maxWaitMs: 500, minBytes: 1, maxBytes: 1000, isolationLevel: 1, topics: [asked] };
      const { topics } = await leader.send(fetch, 11, request);
      isOpen = topics[0]?.partitions[0]?.lastStableOffset === 0;
    }
    await one.add(topic, [0]);
    await one.send(topic, 0, 1, ['later']);
    await one.end(true);
    await one.init({ producerId: one.producerId, producerEpoch: one.epoch });
    await one.init();
    await one.end(false);
    await read(script, topic);
  },

  async 'records deleted below a transaction'(script) {
    const topic = await newTopic(script);
    const one = await Producing.started(script);
    await one.add(topic, [0]);
    await one.send(topic, 0, 0, ['a', 'b']);
    await one.end(false);
    await one.init();
    await one.add(topic, [0]);
    await one.send(topic, 0, 0, ['c']);
    const leader = await script.toLeader(topic);
    const upTo = (offset: number) => ({ topics: [{ name: topic, partitions: [{ index: 0, offset }] }], timeoutMs: 5000 });
    await script.ask(leader, 'delete to 2', deleteRecords, 2, upTo(2));
    await read(script, topic, 0, 2);
    await script.ask(leader, 'delete to 4', deleteRecords, 2, upTo(4));
    await read(script, topic, 0, 4);
    await one.end(true);
    await one.init();
    await read(script, topic, 0, 4);
  },

  async 'a topic deleted in a transaction'(script) {
    const [gone, stays] = [await newTopic(script, 'gone'), await newTopic(script, 'stays')];
    const one = await Producing.started(script);
    await one.add(gone, [0]);
    await one.add(stays, [0]);
    await one.send(gone, 0, 0, ['a']);
    await one.send(stays, 0, 0, ['b']);
    const controller = await script.toTransactions(one.id);
    await script.ask(controller, 'delete', deleteTopics, 4, { names: [gone], timeoutMs: 5000 });
    await one.end(true);
    await one.init();
    await read(script, stays);
  },

  async 'what can be seen of transactions'(script) {
    const topic = await newTopic(script, 'T', 2);
    const one = await Producing.started(script);
    const coordinator = await script.toTransactions(one.id);
    const look = async () => {
      const ids = { transactionalIds: [one.id] };
      await script.ask(coordinator, 'describe', txn.describeTransactions, 0, ids);
      const mine = { states: [], producerIds: [one.producerId] };
      await script.ask(coordinator, 'list', txn.listTransactions, 1, mine);
      const topics = [{ name: topic, partitions: [0, 1] }];
      await script.ask(await script.toLeader(topic), 'producers', txn.describeProducers, 0, { topics });
    };
    await look();
    await one.add(topic, [0, 1]);
    await one.send(topic, 1, 0, ['a', 'b']);
    await look();
    await one.end(false);
    await one.init();
    await look();
    await script.ask(coordinator, 'nobody', txn.describeTransactions, 0, { transactionalIds: [] });
    const stranger = script.name('stranger');
    await script.ask(coordinator, 'stranger', txn.describeTransactions, 0, { transactionalIds: [stranger, ''] });
    const strange = { states: ['Ongoing', 'Sleeping'], producerIds: [one.producerId] };
    await script.ask(coordinator, 'strange state', txn.listTransactions, 0, strange);
    const absent = { topics: [{ name: script.name('absent'), partitions: [0] }] };
    await script.ask(await script.toLeader(topic), 'absent', txn.describeProducers, 0, absent);
  },
};
