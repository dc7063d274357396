import { describe, expect, it } from 'vitest';
import { App, each, forward, number, string } from '../../src/index.ts';

function shop() {
  const app = new App({ id: 'shop' });
  const orders = app.topic('orders', { key: string(), value: number(), partitions: 8, replicationFactor: 1 });
  const questions = app.topic('questions', { key: string(), value: number(), partitions: 8 });
  const counts = app.table('counts', { key: string(), value: number() });
  const noop = each<string, number>(() => {});
  return { app, orders, questions, counts, noop };
}

const problemsOf = (app: App) => {
  try {
    app.validate();
    return [];
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
};

describe('a table', () => {
  it('has a compacted changelog with the partitions of the topic that it is written from', () => {
    const { app, orders, questions, counts, noop } = shop();
    app.agent('count', orders, noop, { tables: [counts] });
    app.agent('ask', questions, noop, { reads: [counts] });
    expect(problemsOf(app)).toEqual([]);
    expect(app.topicSpecs().find(({ changelogOf }) => changelogOf === 'counts')).toMatchObject({
      name: 'shop-counts-changelog',
      partitions: 8,
      replicationFactor: 1,
      internal: true,
      configs: { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.3', 'segment.bytes': '67108864' },
    });
  });

  it('needs the same partitions in the topics of all agents that use it', () => {
    const { app, orders, counts, noop } = shop();
    const few = app.topic('few', { key: string(), value: number(), partitions: 2 });
    app.agent('count', orders, noop, { tables: [counts] });
    app.agent('ask', few, noop, { reads: [counts] });
    expect(problemsOf(app)).toEqual(['table "counts" reads "orders" (8), "few" (2) together: they need the same number of partitions']);
  });

  it('is written by one agent', () => {
    const { app, orders, counts, noop } = shop();
    expect(problemsOf(app)).toContain('table "counts" is written by no agent: name it in the `tables` of one');
    app.agent('a', orders, noop, { tables: [counts] });
    app.agent('b', orders, noop, { tables: [counts] });
    expect(problemsOf(app)).toEqual([
      'table "counts" is written by "a" and "b": one agent writes a table; name it in `reads` of the others',
    ]);
  });

  it('goes with an order only', () => {
    const { app, orders, questions, counts, noop } = shop();
    app.agent('a', orders, noop, { tables: [counts], order: 'none' });
    app.agent('b', questions, noop, { reads: [counts], order: 'none' });
    expect(problemsOf(app)).toEqual([expect.stringMatching(/^agent "a": order 'none' lets events of one key run side by side/)]);
  });

  it('is written from one topic, whose events of a key are in order', () => {
    const { app, orders, questions, counts, noop } = shop();
    app.agent('a', [orders, questions], noop, { tables: [counts] });
    expect(problemsOf(app)).toEqual([expect.stringMatching(/^agent "a": it writes tables and reads 2 topics, whose events of one key/)]);
  });

  it('does not go with patterns', () => {
    const { app, counts, noop } = shop();
    app.agent('a', app.topic(/^orders-/, { key: string(), value: number() }), noop, { tables: [counts] });
    expect(problemsOf(app)).toContainEqual(expect.stringMatching(/^agent "a": it reads the pattern \/\^orders-\/, and tables need/));
  });

  it('belongs to one app, and has a name of its own', () => {
    const { app, orders, counts, noop } = shop();
    const other = shop();
    app.agent('a', orders, noop, { tables: [counts], reads: [other.counts] });
    app.topic('shop-counts-changelog');
    app.table('counts', { key: string(), value: number() });
    expect(problemsOf(app)).toEqual(
      expect.arrayContaining([
        'table "counts" is declared twice',
        'agent "a": table "counts" belongs to another app',
        'topic "shop-counts-changelog" is the changelog of table "counts": do not declare it',
      ]),
    );
  });

  it.each([
    ['a/b', { key: string(), value: number() }, 'table name "a/b" is not allowed'],
    ['t', { key: string() }, 'table "t": value: expected a serde, as string() or json(schema), got undefined'],
    ['t', { key: string(), value: number(), stor: 'disk' }, 'table "t": unknown option "stor"'],
    ['t', { key: string(), value: number(), ordered: 1 }, 'table "t": ordered: expected true or false, got 1'],
    ['t', { key: string(), value: number(), shardBy: 'x' }, 'table "t": shardBy: expected a function'],
  ])('is refused as %s with %j', (name, options, message) => {
    expect(() => shop().app.table(name, options as never)).toThrowError(message);
  });

  it('is refused where agents do not get a list of tables', () => {
    const { app, orders, counts } = shop();
    expect(() => app.agent('a', orders, forward(), { tables: counts as never })).toThrowError('tables: expected a list of tables');
    expect(() => app.agent('a', orders, forward(), { reads: ['counts'] as never })).toThrowError('reads: expected a list of tables');
  });

  it('is not used outside of events', () => {
    const { counts } = shop();
    expect(() => counts.get('a')).toThrowError(/table "counts" was used outside of an event/);
    expect(() => counts.set('a', 1)).toThrowError(/table "counts" was used outside of an event/);
  });
});
