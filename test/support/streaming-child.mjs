// An AI cache in a process of its own; its parent says what it does (see streaming-process.ts).
import '../../scripts/lib/typescript.mjs';

const { AiCacheService } = await import('../../libs/cache-infra/src/ai/ai-cache.service.ts');
const { RedisCache } = await import('../../libs/cache-infra/src/cache/redis-cache.ts');

const cache = new RedisCache(JSON.parse(process.argv[2]));
const ai = new AiCacheService(cache);
const reads = new Map();
let starts = 0;
let produced = 0;
let allowed = 0;
let wake = () => {};

/** No two productions are equal, nor two of their chunks. A chunk comes when the parent allows it. */
async function* produce({ signal }, chunks) {
  const run = `${process.pid}.${++starts}`;
  process.send({ producing: true });
  signal.addEventListener('abort', () => wake());
  for (let i = 0; i < chunks; i++) {
    while (i >= allowed && !signal.aborted) await new Promise((resolve) => (wake = resolve));
    signal.throwIfAborted();
    produced = i + 1;
    yield `${run}:${i}:é${'x'.repeat(i % 7)}\n`;
  }
  return { finishReason: 'stop' };
}

async function read(stream) {
  try {
    const texts = [];
    const { outcome } = await stream.status;
    for await (const text of stream) texts.push(text);
    const { cached } = await stream.done;
    return { outcome, cached, text: texts.join(''), chunks: texts.length };
  } catch (error) {
    return { error: String(error) };
  }
}

const methods = {
  open: ({ id, prompt, chunks }) => {
    reads.set(id, read(ai.stream('chat', { model: 'small', prompt }, (ctx) => produce(ctx, chunks))));
  },
  allow: (count) => {
    allowed = count;
    wake();
  },
  produced: () => produced,
  starts: () => starts,
  result: (id) => reads.get(id),
};

process.on('message', async ({ id, method, args }) => {
  try {
    process.send({ id, result: await methods[method](...args) });
  } catch (error) {
    process.send({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
// Connected, and tracked, before anything begins.
await cache.get('nothing');
process.send({ ready: true });
