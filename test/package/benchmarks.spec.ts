import { jest } from '@jest/globals';

import { importTool, readJson } from '../support/repository.js';

interface Statistics {
  quantile(numbers: readonly number[], fraction: number): number;
  summarize(numbers: readonly number[]): { median: number; q1: number; q3: number; count: number };
  pairedRatios(base: readonly number[], other: readonly number[]): number[];
  rotation(count: number, round: number): number[];
}
interface Random {
  seeded(seed: number): () => number;
  zipfShares(count: number, exponent: number): Float64Array;
  sampler(shares: ArrayLike<number>, random: () => number): () => number;
  poisson(mean: number, random: () => number): number;
}
interface Queueing {
  queue(
    arrivals: number,
    serviceSeconds: number,
    variation?: number,
  ): { utilization: number; responseSeconds: number };
  mixture(kinds: readonly { perSecond: number; seconds: number }[]): {
    rate: number;
    mean: number;
    variation: number;
  };
}
interface Markdown {
  table(headings: readonly string[], rows: readonly (readonly string[])[]): string;
  figure(number: number): string;
  spread(summary: { median: number; q1: number; q3: number }): string;
}
interface Profile {
  selfTimes(profile: object, root: string): { name: string; place: string; share: number }[];
}
interface Goal {
  caseName: string;
  direction: string;
  line: number;
  compare(samples: Samples): number[];
}
type Samples = Record<string, number[]>;
interface Goals {
  goals: Goal[];
  measuredBothWays: string[];
  bestRaw(samples: Samples): string;
  judge(
    goal: Goal,
    results: Record<string, { samples: Samples; apart?: Samples }>,
  ): { measured?: { median: number }; apart?: { median: number }; reached?: boolean };
}
interface Titles {
  tables: Record<string, readonly [title: string, base: string | undefined]>;
}
interface Selection {
  selectCases(known: readonly string[], wanted?: readonly string[]): string[];
}
type Loop = (it: object, keys: readonly string[], count: number, from?: number) => Promise<void>;
interface Candidate {
  name: string;
  run(count: number): Promise<void>;
  before?(count: number): void;
  verify?(): void;
  least?: number;
  most?: number;
}
interface Race {
  loopOf(call: string): Loop;
  concurrent(loop: Loop, workers: number, stride?: number): Loop;
  interleave(turns: Record<string, () => Promise<number>>, rounds: number): Promise<Samples>;
  race(candidates: Candidate[], options: { rounds: number; turnMs: number }): Promise<Samples>;
}
interface Data {
  object1kB(id: number): { id: number };
  ownData(
    index: number,
    makeValue: (id: number) => { id: number },
  ): { keys: string[]; values: { id: number }[]; isOwn(value: unknown): boolean };
  newKeys(prefix: string, count: number): string[];
}
interface Model {
  commands: Record<string, number>;
  messages: Record<string, number>;
  trackedPairs: number;
  read(key: number, instance: number, now: number): number | undefined;
  load(key: number, instance: number, now: number): number;
  write(key: number, instance: number, now: number): number;
  expire(now: number): void;
}
interface RedisModelModule {
  RedisModel: new (options: {
    keys: number;
    instances: number;
    ttlMs: number;
    onTold: (instance: number, key: number) => void;
  }) => Model;
}
interface LoadOfRedis {
  crossing(points: readonly { x: number; y: number }[], level: number): number | undefined;
}

const { pairedRatios, quantile, rotation, summarize } = await importTool<Statistics>(
  'benchmarks/lib/statistics.mjs',
);
const { poisson, sampler, seeded, zipfShares } = await importTool<Random>('benchmarks/lib/random.mjs');
const { mixture, queue } = await importTool<Queueing>('benchmarks/lib/queueing.mjs');
const { figure, spread, table } = await importTool<Markdown>('benchmarks/lib/markdown.mjs');
const { selfTimes } = await importTool<Profile>('benchmarks/lib/profile.mjs');
const { bestRaw, goals, judge, measuredBothWays } = await importTool<Goals>('benchmarks/peers/goals.mjs');
const { tables } = await importTool<Titles>('benchmarks/peers/titles.mjs');
const { selectCases } = await importTool<Selection>('benchmarks/peers/selection.mjs');
const { concurrent, interleave, loopOf, race } = await importTool<Race>('benchmarks/peers/race.mjs');
const { newKeys, object1kB, ownData } = await importTool<Data>('benchmarks/peers/data.mjs');
const { RedisModel } = await importTool<RedisModelModule>('benchmarks/simulate/redis-model.mjs');
const { crossing } = await importTool<LoadOfRedis>('benchmarks/simulate/load-of-redis.mjs');

describe('statistics of the benchmarks', () => {
  it('interpolate quantiles between neighbours, whatever the order', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30], 0.25)).toBe(15);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
    expect(summarize([1, 2, 3, 4, 5])).toEqual({ median: 3, q1: 2, q3: 4, count: 5 });
  });

  it('pair the rounds of two candidates, and refuse lists of different lengths', () => {
    expect(pairedRatios([10, 20], [5, 40])).toEqual([2, 0.5]);
    expect(() => pairedRatios([1], [1, 2])).toThrow('no pairs');
  });

  it('give each candidate each turn equally often', () => {
    const turns = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let round = 0; round < 8; round++) {
      const order = rotation(4, round);
      expect([...order].sort()).toEqual([0, 1, 2, 3]);
      order.forEach((candidate, turn) => (turns[candidate]![turn]! += 1));
    }
    expect(turns.flat().every((count) => count === 2)).toBe(true);
  });
});

describe('random numbers of the benchmarks', () => {
  it('are the same for the same seed', () => {
    const [one, other] = [seeded(5), seeded(5)];
    expect([one(), one(), one()]).toEqual([other(), other(), other()]);
  });

  it('follow Zipf’s law: shares add up to 1, the second is half of the first', () => {
    const shares = zipfShares(1000, 1);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
    expect(shares[1]! / shares[0]!).toBeCloseTo(1 / 2, 10);
    expect(shares[9]! / shares[0]!).toBeCloseTo(1 / 10, 10);
    expect([...zipfShares(4, 0)]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('draw keys by their shares', () => {
    const shares = zipfShares(50, 1);
    const next = sampler(shares, seeded(1));
    const draws = 200_000;
    const counts = new Float64Array(50);
    for (let i = 0; i < draws; i++) counts[next()]! += 1;
    // Five standard deviations of a binomial count.
    shares.forEach((share, key) => {
      const deviation = Math.sqrt(draws * share * (1 - share));
      expect(Math.abs(counts[key]! - draws * share)).toBeLessThan(5 * deviation);
    });
  });

  it.each([0.5, 3, 200])('have the mean and variance of a Poisson distribution with mean %d', (mean) => {
    const random = seeded(2);
    const counts = Array.from({ length: 20_000 }, () => poisson(mean, random));
    const average = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - average) ** 2, 0) / counts.length;
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / counts.length));
    expect(variance / mean).toBeGreaterThan(0.9);
    expect(variance / mean).toBeLessThan(1.1);
  });
});

describe('the queueing calculation', () => {
  it('is M/M/1 where service times are exponential: S / (1 - ρ)', () => {
    const { utilization, responseSeconds } = queue(5000, 0.0001);
    expect(utilization).toBeCloseTo(0.5, 10);
    expect(responseSeconds).toBeCloseTo(0.0001 / 0.5, 10);
  });

  it('is M/D/1 where they are constant: half of the waiting', () => {
    expect(queue(5000, 0.0001, 0).responseSeconds).toBeCloseTo(0.0001 + 0.00005, 10);
  });

  it('is infinite if more arrives than can be served', () => {
    expect(queue(20_000, 0.0001)).toEqual({ utilization: 2, responseSeconds: Infinity });
  });

  it('mixes kinds of work by their rates', () => {
    expect(mixture([{ perSecond: 100, seconds: 0.002 }])).toMatchObject({ rate: 100, mean: 0.002 });
    expect(mixture([{ perSecond: 100, seconds: 0.002 }]).variation).toBeCloseTo(1, 10);
    const two = mixture([
      { perSecond: 900, seconds: 0.001 },
      { perSecond: 100, seconds: 0.011 },
    ]);
    expect(two.mean).toBeCloseTo(0.002, 10);
    // E[S²] = 0.9 · 2 · 10⁻⁶ + 0.1 · 2 · 121 · 10⁻⁶ = 26 · 10⁻⁶, over 4 · 10⁻⁶, less 1.
    expect(two.variation).toBeCloseTo(5.5, 10);
  });

  it('finds where a line on logarithmic axes crosses a level', () => {
    const line = [
      { x: 1, y: 0.01 },
      { x: 10, y: 0.1 },
      { x: 1000, y: 10 },
    ];
    expect(crossing(line, 1)).toBeCloseTo(100, 6);
    expect(crossing(line, 100)).toBeUndefined();
    expect(crossing(line, 0.001)).toBe(1);
  });
});

describe('tables of the benchmarks', () => {
  it('are Markdown, with pipes escaped, and refuse rows of another length', () => {
    expect(table(['a', 'b'], [['1|2', 'x\ny']])).toBe('| a | b |\n| --- | --- |\n| 1\\|2 | x y |');
    expect(() => table(['a', 'b'], [['1']])).toThrow('a row of 1 cells');
  });

  it('show three significant digits', () => {
    expect([0, 0.012345, 0.98765, 1.2345, 12.345, 123.45, 12_345].map(figure)).toEqual([
      '0',
      '0.0123',
      '0.988',
      '1.23',
      '12.3',
      '123',
      '12,300',
    ]);
    expect(figure(NaN)).toBe('-');
    expect(spread({ median: 0.75, q1: 0.7, q3: 0.8 })).toBe('0.75 (0.7-0.8)');
  });
});

describe('profiles of the benchmarks', () => {
  it('give the own time of each function, as a share of the time not idle', () => {
    const frame = (id: number, functionName: string, url = '') => ({
      id,
      callFrame: { functionName, url, lineNumber: 6 },
    });
    const nodes = [
      frame(1, '(idle)'),
      frame(2, 'get', 'file:///repo/libs/cache-infra/dist/cache/a.js'),
      frame(3, '(garbage collector)'),
    ];
    const profile = { nodes, samples: [1, 2, 2, 3], timeDeltas: [1000, 200, 100, 100] };

    expect(selfTimes(profile, '/repo')).toEqual([
      { name: 'get', place: 'libs/cache-infra/dist/cache/a.js:7', share: 0.75 },
      { name: '(garbage collector)', place: '', share: 0.25 },
    ]);
  });
});

describe('goals', () => {
  it('compare with ioredis at the better of its settings', () => {
    const samples = { ioredis: [100, 110], 'ioredis, auto-pipelining': [50, 60] };
    expect(bestRaw(samples)).toBe('ioredis, auto-pipelining');
  });

  it('are judged by the median, in their own direction', () => {
    const redis = goals.find(({ caseName }) => caseName === 'redis-get-1')!;
    const samples = (own: number[]) => ({
      'redis-get-1': { samples: { ioredis: [90, 90, 90], 'nestjs-cache-infra': own } },
    });
    expect(judge(redis, samples([100, 95, 300]))).toMatchObject({ reached: true, measured: { median: 0.9 } });
    expect(judge(redis, samples([101, 95, 300]))).toMatchObject({ reached: false });
    const cold = goals.find(({ caseName }) => caseName === 'import')!;
    const imports = { import: { samples: { 'nestjs-cache-infra': [119, 130, 121] } } };
    expect(judge(cold, imports)).toMatchObject({ reached: false, measured: { median: 121 } });
  });

  it('require one load in every round', () => {
    const herd = goals.find(({ caseName }) => caseName === 'herd')!;
    const of = (loads: number[]) =>
      judge(herd, { herd: { samples: { 'nestjs-cache-infra': loads } } }).reached;
    expect(of([1, 1, 1])).toBe(true);
    expect(of([1, 1, 2])).toBe(false);
  });
});

describe('rows of the comparison with peers', () => {
  const names = [...new Set(goals.map(({ caseName }) => caseName))];

  it('have a title each, and no title is left over', () => {
    expect(Object.keys(tables).sort()).toEqual([...names].sort());
    expect(measuredBothWays.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('are selected by name or by group, in their own order', () => {
    const known = ['l1-a', 'redis-a', 'redis-b', 'memory'];
    expect(selectCases(known)).toEqual(known);
    expect(selectCases(known, ['memory', 'redis-a'])).toEqual(['redis-a', 'memory']);
    expect(selectCases(known, ['redis'])).toEqual(['redis-a', 'redis-b']);
  });

  it('that are unknown are an error, which names them and those that exist', () => {
    expect(() => selectCases(['l1-a', 'memory'], ['l1-a', 'l1-b'])).toThrow(
      'Unknown: l1-b. Cases: l1-a, memory. Groups: l1, memory.',
    );
  });

  it('are judged by the figure of one process', () => {
    const zipf = goals.find(({ caseName }) => caseName === 'redis-two-tier-zipf-32')!;
    const samplesOf = (own: number) => ({ ioredis: [8, 8], 'nestjs-cache-infra': [own, own] });
    const judged = judge(zipf, { [zipf.caseName]: { samples: samplesOf(16), apart: samplesOf(8) } });
    expect(judged).toMatchObject({ measured: { median: 0.5 }, apart: { median: 1 }, reached: false });
  });
});

describe('turns of the comparison with peers', () => {
  it('split calls so that no key is used twice while keys suffice', async () => {
    const used: string[] = [];
    const loop = concurrent(loopOf('it.use(key)'), 4);
    await loop({ use: (key: string) => used.push(key) }, newKeys('cold', 16), 16);
    expect(new Set(used).size).toBe(16);
  });

  it('start workers a stride apart, and each worker uses the keys in turn', async () => {
    const used: number[] = [];
    const loop = concurrent(loopOf('it.use(i)'), 2, 37);
    await loop({ use: (i: number) => used.push(i) }, newKeys('warm', 64), 4);
    expect(used.sort((one, other) => one - other)).toEqual([0, 1, 37, 38]);
  });

  it('rotate, and do not count the first two rounds', async () => {
    const order: string[] = [];
    const turn = (name: string) => () => Promise.resolve(order.push(name));
    const samples = await interleave({ a: turn('a'), b: turn('b') }, 2);
    expect(order.join('')).toBe('abbabaab');
    expect(samples).toEqual({ a: [6, 7], b: [5, 8] });
  });

  it('have a multiple of the least calls, so that every worker has as many', async () => {
    const ran: number[] = [];
    const run = (count: number) => Promise.resolve(void ran.push(count));
    await race([{ name: 'a', least: 48, most: 480, run }], { rounds: 1, turnMs: 5 });
    expect(ran.filter((count) => count % 48 !== 0)).toEqual([]);
  });

  it('prepare every turn with its calls, keep to the most calls, and verify at the end', async () => {
    const prepared: number[] = [];
    const ran: number[] = [];
    const verify = jest.fn();
    const candidate = {
      name: 'a',
      most: 128,
      before: (count: number) => void prepared.push(count),
      run: (count: number) => Promise.resolve(void ran.push(count)),
      verify,
    };
    await race([candidate], { rounds: 2, turnMs: 5 });
    expect(prepared).toEqual(ran);
    expect(Math.max(...ran)).toBe(128);
    expect(verify).toHaveBeenCalledTimes(1);
  });
});

describe('data of the comparison with peers', () => {
  it('are a contender’s own: keys and ids of two contenders differ', () => {
    const [one, other] = [ownData(0, object1kB), ownData(1, object1kB)];
    expect(new Set([...one.keys, ...other.keys]).size).toBe(one.keys.length + other.keys.length);
    expect(one.values.every((value) => one.isOwn(value) && !other.isOwn(value))).toBe(true);
    expect(one.isOwn(undefined)).toBe(false);
  });

  it('have 1,000 bytes of JSON, whoever owns them', () => {
    const { values } = ownData(6, object1kB);
    expect(new Set(values.map((value) => JSON.stringify(value).length))).toEqual(new Set([1000]));
  });

  it('have new keys whose number is a power of two', () => {
    expect(newKeys('cold', 5)).toHaveLength(8);
  });
});

describe('the model of Redis', () => {
  const fleet = () => {
    const told: [number, number][] = [];
    const onTold = (instance: number, key: number) => told.push([instance, key]);
    return { told, redis: new RedisModel({ keys: 2, instances: 40, ttlMs: 60_000, onTold }) };
  };

  it('notifies the readers of a key of a change, once, except the writer', () => {
    const { told, redis } = fleet();
    redis.load(0, 3, 0);
    redis.read(0, 35, 0);
    redis.read(1, 7, 0);

    redis.write(0, 3, 1);
    redis.write(0, 3, 2);

    expect(told).toEqual([[35, 0]]);
    expect(redis.messages['tracking']).toBe(1);
  });

  it('notifies a writer of later changes', () => {
    const { told, redis } = fleet();
    redis.write(0, 3, 0);
    redis.write(0, 4, 1);
    expect(told).toEqual([[3, 0]]);
  });

  it('notifies readers of an expired key, and removes it', () => {
    const { told, redis } = fleet();
    redis.load(0, 3, 0);
    expect(redis.read(0, 35, 59_999)).toBe(0);

    redis.expire(61_500);

    expect(redis.read(0, 35, 61_500)).toBeUndefined();
    expect(told.sort()).toEqual([
      [3, 0],
      [35, 0],
    ]);
  });

  it('counts for broadcast and pub/sub one message to each instance', () => {
    const { redis } = fleet();
    redis.write(0, 3, 0);
    expect(redis.messages).toMatchObject({ broadcast: 39, pubsub: 40 });
    expect(redis.commands).toMatchObject({ set: 1, publish: 1 });
  });
});

describe('the package of the peers', () => {
  it('has a lock file that names no registry and holds a checksum for every package', async () => {
    const { packages } = await readJson<{
      packages: Record<string, { resolved?: string; integrity?: string }>;
    }>('benchmarks/peers/package-lock.json');
    const installed = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));

    expect(installed.length).toBeGreaterThan(10);
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([]);
  });
});
