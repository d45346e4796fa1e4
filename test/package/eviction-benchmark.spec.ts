import fc from 'fast-check';

import { cacheClock } from '../../libs/cache-infra/src/base/clock.js';
import { MemoryTier } from '../../libs/cache-infra/src/tiers/memory/memory-tier.js';
import { importTool } from '../support/repository.js';

interface Policy {
  readonly size: number;
  has(key: string): boolean;
  access(key: string): boolean;
  close?(): void;
}
type PolicyClass = new (capacity: number, windowShare?: number) => Policy;
interface Adapter {
  memoryTierPolicy(Tier: typeof MemoryTier, clock: typeof cacheClock): PolicyClass;
}
interface Sketch {
  FrequencySketch: new (capacity: number) => { add(hash: number): void; count(hash: number): number };
  hashOf(text: string): number;
}
interface Trace {
  parseTrace(data: Buffer, format: string, most: number): string[];
  readTrace(argument: string, most: number): Promise<{ keys: string[] }>;
}
interface Costs {
  compare(
    processes: Record<string, number[]>[],
    base: string,
  ): Record<string, { ns: { median: number }; ratio: { median: number } }>;
}

const folder = 'benchmarks/eviction';
const { Lru } = await importTool<{ Lru: PolicyClass }>(`${folder}/policies/lru.mjs`);
const { Sieve } = await importTool<{ Sieve: PolicyClass }>(`${folder}/policies/sieve.mjs`);
const { S3Fifo } = await importTool<{ S3Fifo: PolicyClass }>(`${folder}/policies/s3-fifo.mjs`);
const { WTinyLfu } = await importTool<{ WTinyLfu: PolicyClass }>(`${folder}/policies/w-tiny-lfu.mjs`);
const { memoryTierPolicy } = await importTool<Adapter>(`${folder}/policies/memory-tier.mjs`);
const { FrequencySketch, hashOf } = await importTool<Sketch>(`${folder}/policies/sketch.mjs`);
const { parseTrace, readTrace } = await importTool<Trace>(`${folder}/trace.mjs`);
const { compare } = await importTool<Costs>(`${folder}/costs.mjs`);

const L1 = memoryTierPolicy(MemoryTier, cacheClock);

const policies = { Lru, Sieve, S3Fifo, WTinyLfu, L1 };

/** Uses each character as a key. */
function use(policy: Policy, keys: string): void {
  for (const key of keys) policy.access(key);
}

const held = (policy: Policy, keys: string): string => [...keys].filter((key) => policy.has(key)).join('');

describe('eviction policies of the benchmark', () => {
  it.each(Object.entries(policies))(
    '%s hits the keys that it holds, and holds no more than its capacity',
    (_, Policy) => {
      const keys = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 400 });
      fc.assert(
        fc.property(fc.integer({ min: 10, max: 25 }), keys, (capacity, requests) => {
          const policy = new Policy(capacity);
          for (const request of requests) {
            const key = `key:${String(request)}`;
            const isHeld = policy.has(key);
            expect(policy.access(key)).toBe(isHeld);
            expect(policy.size).toBeLessThanOrEqual(capacity);
          }
          policy.close?.();
        }),
      );
    },
  );

  it.each(Object.entries(policies))('%s keeps all keys while there is room', (_, Policy) => {
    const policy = new Policy(10);
    use(policy, 'abcdefghij');
    expect(held(policy, 'abcdefghij')).toBe('abcdefghij');
    policy.close?.();
  });

  it('SIEVE passes over visited entries, leaves them in place, and goes on from there', () => {
    const sieve = new Sieve(4);
    use(sieve, 'abcd');
    use(sieve, 'ab');
    // The hand unmarks a and b, and evicts c.
    use(sieve, 'e');
    expect(held(sieve, 'abcde')).toBe('abde');
    // The hand stands at d. An LRU would evict a, too.
    use(sieve, 'f');
    expect(held(sieve, 'abdef')).toBe('abef');
    // It goes on to e, then f, and begins again at the tail.
    use(sieve, 'ef');
    use(sieve, 'g');
    expect(held(sieve, 'abefg')).toBe('befg');
  });

  it('S3-FIFO drops keys that are used once or twice first, and takes a ghost into the main queue', () => {
    const s3 = new S3Fifo(10);
    use(s3, 'abcdefghij');
    // Two hits: a moves to the main queue. One hit: b leaves.
    use(s3, 'aab');
    use(s3, 'k');
    expect(held(s3, 'abcdefghijk')).toBe('acdefghijk');
    // b is a ghost: it enters the main queue, and c leaves.
    use(s3, 'b');
    expect(held(s3, 'bc')).toBe('b');
    // A scan passes through the small queue alone.
    use(s3, 'lmnopqrstuvwxyz');
    expect(held(s3, 'ab')).toBe('ab');
  });

  it('S3-FIFO gives an entry of the main queue a round for each use', () => {
    const s3 = new S3Fifo(10);
    use(s3, 'aabbccddeeffgghhiijj');
    use(s3, 'abcdefghij');
    // All ten have two hits and move on; the main queue, over its nine, unmarks them and evicts the oldest.
    use(s3, 'k');
    expect(held(s3, 'abcdefghijk')).toBe('bcdefghijk');
  });

  it('W-TinyLFU admits a key that is used more often than the victim, and no other', () => {
    const lfu = new WTinyLfu(10);
    use(lfu, 'abcdefghij');
    use(lfu, 'abcdefghij');
    use(lfu, 'xyz');
    expect(held(lfu, 'abcdefghixyz')).toBe('abcdefghiz');
    // The third use of y exceeds the two of the victim, which is demoted.
    use(lfu, 'ywywyw');
    expect(held(lfu, 'y')).toBe('y');
  });

  it('the sketch counts uses up to 15, and halves them after ten for each entry', () => {
    const sketch = new FrequencySketch(100);
    const hash = hashOf('key');
    for (let i = 0; i < 20; i++) sketch.add(hash);
    expect(sketch.count(hash)).toBe(15);
    for (let i = 20; i < 1000; i++) sketch.add(hashOf('other'));
    expect(sketch.count(hash)).toBe(7);
  });
});

describe('traces of the eviction benchmark', () => {
  it.each([
    ['text', Buffer.from('7\r\n9\n*\n\n7\n')],
    ['int32be', Buffer.from([0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, 7])],
    ['int32le', Buffer.from([7, 0, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0])],
    ['int64be', Buffer.from([7, 9, 7].flatMap((number) => [0, 0, 0, 0, 0, 0, 0, number]))],
  ])('are read as %s', (format, data) => {
    expect(parseTrace(data, format, 10)).toEqual(['trace:7', 'trace:9', 'trace:7']);
    expect(parseTrace(data, format, 2)).toEqual(['trace:7', 'trace:9']);
  });

  it('of the ARC paper are ranges of blocks', () => {
    const data = Buffer.from('7 3 0 0\n7 1 0 1\n');
    expect(parseTrace(data, 'arc', 10)).toEqual(['trace:7', 'trace:8', 'trace:9', 'trace:7']);
  });

  it('that cannot be read are refused with the formats', async () => {
    await expect(readTrace('/missing:arc', 10)).rejects.toThrow(
      /^--trace \/missing:arc: ENOENT.*formats text, arc, int32be, int32le, int64be$/,
    );
  });
});

describe('times of the eviction benchmark', () => {
  it('are compared within the round of one process', () => {
    const processes = [
      { LRU: [100, 200], SIEVE: [50, 100] },
      { LRU: [400], SIEVE: [200] },
    ];
    const { SIEVE } = compare(processes, 'LRU');
    expect(SIEVE?.ratio.median).toBe(0.5);
    expect(SIEVE?.ns.median).toBe(100);
  });
});
