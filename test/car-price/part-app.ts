import { partApp } from './part.ts';

export const app = partApp(process.env);
