import { parseArgs } from 'node:util';
import { killRounds } from './kill-rounds.ts';

/** `npm run soak:broker -- --rounds 300 --durability os --seed 1` */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '300' },
    durability: { type: 'string', default: 'os' },
    seed: { type: 'string', default: '1' },
  },
});
const rounds = Number(values.rounds);
const { durability } = values;
if (!Number.isInteger(rounds) || rounds < 1 || (durability !== 'os' && durability !== 'fsync')) {
  console.error('soak:broker: --rounds takes a whole number from 1 on, --durability takes os or fsync');
  process.exit(2);
}

const figures = await killRounds({
  rounds,
  durability,
  random: mulberry(Number(values.seed)),
  onRound: (round, now) => {
    if (round % 10 === 0) console.log(JSON.stringify({ round, ...now }));
  },
});
console.log(JSON.stringify({ passed: true, durability, ...figures }, undefined, 1));

/** mulberry32, a small generator in the public domain (https://github.com/bryc/code/blob/master/jshash/PRNGs.md). */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
