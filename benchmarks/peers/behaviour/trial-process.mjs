// One trial of one contender, in a process of its own: `node trial-process.mjs <contender> <trial> <redis url>`. Its
// result goes to the parent. The parent holds the server, and does to it what it is asked for.
import { randomUUID } from 'node:crypto';

import { contenders } from './contenders.mjs';
import { trials } from './trials.mjs';

const [, , contender, trial, url] = process.argv;
const waiting = new Map();
process.on('message', ({ id }) => waiting.get(id)());
const ask = (action, argument) =>
  new Promise((resolve) => {
    const id = randomUUID();
    waiting.set(id, resolve);
    process.send({ ask: action, argument, id });
  });
const redis = {
  pause: () => ask('pause'),
  resume: () => ask('resume'),
  stop: () => ask('stop'),
  deleteAllKeysWith: (text) => ask('delete', text),
};

const open = async () => contenders[contender](url);
const [a, b] = [await open(), await open()];
// Connected, and subscribed.
await Promise.all([a.get('first'), b.get('first')]);
await new Promise((resolve) => setTimeout(resolve, 500));
process.send({ result: await trials[trial].run({ a, b, open, redis }) });
