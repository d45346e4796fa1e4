// Measures the bytes of an entry of this size in the L1: node --expose-gc, in a separate process.
import { InMemoryCache } from 'nestjs-cache-infra';

const entries = 20_000;
const held = () => {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
const flat = (text) => Buffer.from(text, 'latin1').toString('latin1');

const before = held();
const cache = new InMemoryCache({ maxSize: entries });
for (let i = 0; i < entries; i++) await cache.set(flat(`item:${i}`), { payload: flat('x'.repeat(900)) });
const bytes = (held() - before) / cache.stats().size;
process.send(bytes, () => process.exit(0));
