import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

/** `npm run soak:fuzz -- --frames 1000000 --seed 1` */
const { values } = parseArgs({ options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } } });
const figures = await fuzz({ frames: Number(values.frames), seed: Number(values.seed) });
console.log(JSON.stringify(figures, undefined, 1));
process.exitCode = figures.failures.length > 0 || figures.hanging > 0 ? 1 : 0;
