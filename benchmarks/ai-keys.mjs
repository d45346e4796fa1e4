// Measures the keys of AI requests: of a long text as a ratio to hashing its bytes, and of usual requests per second.
//   npm run build && node --expose-gc benchmarks/ai-keys.mjs
import { hash } from 'node:crypto';
import { cpus } from 'node:os';

import { AiCacheService, InMemoryCache } from 'nestjs-cache-infra';

import { figure, percent, table } from './lib/markdown.mjs';
import { pairedRatios, summarize } from './lib/statistics.mjs';

const rounds = Number(process.env.ROUNDS ?? 41);
const sentence = 'The quick brown fox asks "why?" and jumps over the lazy dog.\n';
const text = (length) => sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length);

const tools = Array.from({ length: 20 }, (_, i) => ({
  type: 'function',
  function: {
    name: `tool_${i}`,
    description: `Looks up thing number ${i} for one of the users.`,
    parameters: {
      type: 'object',
      properties: { id: { type: 'string', description: 'Its id' }, limit: { type: 'number' } },
      required: ['id'],
    },
  },
}));

/** A monitor that adds up the milliseconds of keys. */
const monitor = {
  total: 0,
  recordKeyGenerationTime({ duration }) {
    this.total += duration;
  },
};
const cache = new InMemoryCache();
const ai = new AiCacheService(cache, { monitor });

/** Microseconds per key. */
async function keyTime(request, times) {
  monitor.total = 0;
  for (let i = 0; i < times; i++) await ai.peek('chat', request);
  return (monitor.total * 1000) / times;
}

/** Microseconds per hash. */
function hashTime(bytes, times) {
  const start = performance.now();
  for (let i = 0; i < times; i++) hash('sha256', bytes, 'base64url');
  return ((performance.now() - start) * 1000) / times;
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? process.arch}, ${rounds} rounds\n`);
const usual = await usualRequests();
console.log(await longTexts());
console.log(`\n${usual}`);
await cache.close();

async function longTexts() {
  const rows = [];
  for (const [title, content] of [
    ['ASCII', text(1e6)],
    ['Cyrillic', 'быстрая лиса '.repeat(76_923)],
    ['ASCII, and a dash at its end', `${text(999_999)}—`],
  ]) {
    const bytes = Buffer.from(content);
    const request = { model: 'small', messages: [{ role: 'user', content }] };
    const [keys, hashes] = [[], []];
    globalThis.gc?.();
    for (let round = -50; round < rounds * 10; round++) {
      const pair = round % 2 === 0 ? [await keyTime(request, 1)] : [];
      pair[1] = hashTime(bytes, 1);
      pair[0] ??= await keyTime(request, 1);
      if (round < 0) continue;
      keys.push(pair[0]);
      hashes.push(pair[1]);
    }
    const [key, hashed, ratio] = [keys, hashes, pairedRatios(hashes, keys)].map((each) => summarize(each));
    rows.push([title, figure(key.median), figure(hashed.median), percent(ratio.median)]);
  }
  return table(['1 million characters', 'key, µs', 'hash of the bytes, µs', 'speed of the key'], rows);
}

async function usualRequests() {
  const rows = [];
  for (const [title, request] of [
    ['200 characters', { model: 'small', prompt: text(200), temperature: 0 }],
    ['200 characters in messages', { model: 'small', messages: [{ role: 'user', content: text(200) }] }],
    ['20 tools', { model: 'small', prompt: 'hello', tools }],
    ['20 tools, deeply frozen', { model: 'small', prompt: 'hello', tools: frozen(structuredClone(tools)) }],
  ]) {
    const times = [];
    for (let round = -10; round < rounds * 4; round++) {
      const time = await keyTime(request, 500);
      if (round >= 0) times.push(time);
    }
    const { median } = summarize(times);
    rows.push([title, JSON.stringify(request).length, figure(median), figure(1e6 / median)]);
  }
  return table(['request', 'JSON, characters', 'key, µs', 'keys per second'], rows);
}

function frozen(value) {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}
