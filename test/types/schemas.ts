/** As programs.ts: the types of serdes, wrong programs behind `@ts-expect-error`. Checked by `tsc`, never run. */
import {
  App,
  type AvroSchema,
  avro,
  each,
  type float64,
  forward,
  type InputOf,
  type int32,
  int64,
  json,
  type OutputOf,
  type Serde,
  string,
  uuid,
} from 'streamerjs';
import { z } from 'zod';
import { User as UserSchema } from '../helpers/avro-schemas.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(_?: T) => undefined;

const user = avro(UserSchema);
type User = OutputOf<typeof user>;
holds<Same<User['id'], number>>();
holds<Same<User['nick'], string | null>>();
holds<Same<User['kind'], 'PERSON' | 'BOT'>>();
holds<Same<User['was'], 'PERSON' | 'BOT'>>();
holds<Same<User['scores'], Array<{ [key: string]: number }>>>();
holds<Same<NonNullable<NonNullable<User['friend']>['friend']>['nick'], string | null>>();
holds<Same<User['balance'], string>>();
holds<Same<User['born'], Date>>();
holds<Same<User['seen'], Date>>();
holds<Same<User['exact'], bigint | string | null>>();
holds<Same<User['key'], string>>();
holds<Same<User['mixed'], null | { int: number } | { double: number } | { 'other.Point': { x: number } }>>();
holds<Same<User['mark'], Buffer>>();
holds<Same<User['alarm'], number>>();

// Fields with a default are optional for those who write, and there for those who read.
type UserInput = InputOf<typeof user>;
holds<Same<undefined extends UserInput['nick'] ? true : false, true>>();
holds<Same<undefined extends User['nick'] ? true : false, false>>();
// What is read can be written.
export const copied = (read: User): UserInput => read;

// Names in namespaces, and records that hold each other.
const tree = avro({
  type: 'record',
  name: 'a.b.Tree',
  fields: [
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['LEAF', 'NODE'] } },
    {
      name: 'left',
      type: [
        'null',
        {
          type: 'record',
          name: 'Side',
          fields: [
            { name: 'tree', type: 'a.b.Tree' },
            { name: 'kind', type: 'Kind' },
          ],
        },
      ],
    },
    { name: 'right', type: ['null', 'Side'], default: null },
    { name: 'more', type: { type: 'map', values: { type: 'array', items: 'Tree' } } },
  ],
});
type Tree = OutputOf<typeof tree>;
holds<Same<NonNullable<NonNullable<Tree['right']>['tree']['left']>['kind'], 'LEAF' | 'NODE'>>();
holds<Same<NonNullable<Tree['more'][string]>[number]['kind'], 'LEAF' | 'NODE'>>();
const others = avro(['null', { type: 'int', logicalType: 'date' }, { type: 'long', logicalType: 'time-micros' }], { long: 'bigint' });
holds<Same<OutputOf<typeof others>, null | Date | bigint>>();
const fromFile = avro({ type: 'record', name: 'R', fields: [] } as object as AvroSchema);
holds<Same<OutputOf<typeof fromFile>, unknown>>();

holds<Same<OutputOf<ReturnType<typeof bigLongs>>, Array<bigint | null>>>();
const bigLongs = () => avro({ type: 'array', items: ['null', 'long'] }, { long: 'bigint' });
holds<Same<OutputOf<ReturnType<typeof twoDates>>, null | { int: Date } | { long: Date }>>();
const twoDates = () => avro(['null', { type: 'int', logicalType: 'date' }, { type: 'long', logicalType: 'timestamp-millis' }]);
holds<Same<OutputOf<ReturnType<typeof parsed>>, unknown>>();
const parsed = () => avro(JSON.parse('"string"'));

const Order = { type: 'record', name: 'Order', fields: [{ name: 'amount', type: 'double' }] } as const;
const Box = { type: 'record', name: 'Box', namespace: 'shop', fields: [{ name: 'size', type: 'Size' }] } as const;
const Size = { type: 'enum', name: 'Size', namespace: 'shop', symbols: ['S', 'L'] } as const;
const boxes = avro.confluent({ schema: { type: 'array', items: 'shop.Box' }, references: [{ schema: Size }, { schema: Box }] });
holds<Same<OutputOf<typeof boxes>, Array<{ size: 'S' | 'L' }>>>();

const app = new App({ id: 'types', brokers: ['127.0.0.1:9092'] });
const orders = app.topic('orders', { key: uuid(), value: avro.confluent({ schema: Order }) });
const bigOrders = app.topic('big-orders', {
  key: uuid(),
  value: avro.confluent({ schema: Order, strategy: 'record', autoRegister: false }),
});
const plain = app.topic('plain', { key: int64(), value: json.confluent({ schema: z.object({ at: z.string().transform(Number) }) }) });
app.agent('big', orders, forward(), { to: bigOrders });
app.agent(
  'plain',
  plain,
  each((value, { key }) => holds<Same<[typeof value, typeof key], [{ at: number }, bigint]>>()),
);
void plain.send({ key: 1n, value: { at: '1' } });
void orders.send({ key: '', value: { amount: 1 } });

/** A serde of one's own. */
const point: Serde<{ x: number }, { x: number; y: 0 }> = {
  name: 'point',
  encode: ({ x }) => Buffer.from([x]),
  decode: (bytes) => ({ x: bytes[0]!, y: 0 }),
};
holds<Same<OutputOf<typeof point>, { x: number; y: 0 }>>();
holds<Same<OutputOf<ReturnType<typeof int32>>, number>>();
holds<Same<OutputOf<ReturnType<typeof float64>>, number>>();

// Wrong programs
// @ts-expect-error a field that is missing
void orders.send({ key: '', value: {} });
// @ts-expect-error a field of another type
void orders.send({ key: '', value: { amount: '1' } });
// @ts-expect-error a key of another type
void plain.send({ key: 1, value: { at: '1' } });
// @ts-expect-error outputs of another type than the sink's
app.agent('wrong', orders, forward(), { to: app.topic('texts', { key: uuid(), value: string() }) });
// @ts-expect-error a record without fields
avro({ type: 'record', name: 'Empty' });
// @ts-expect-error symbols that are no text
avro({ type: 'enum', name: 'Wrong', symbols: [1] });
// @ts-expect-error no such kind of long
avro('long', { long: 'number64' });
// @ts-expect-error no schema
avro.confluent({ subject: 'orders' });
// @ts-expect-error no such strategy
avro.confluent({ schema: Order, strategy: 'subject' });
