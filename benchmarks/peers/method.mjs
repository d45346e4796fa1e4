/** The measuring method, for docs/performance.md. */
export function method({ settings }) {
  const { l1, redis, others } = settings;
  return [
    '## Method',
    [
      '- Each case is a process of its own, with an empty Redis. In it the candidates take turns: every round gives each one turn, and the order rotates from round to round. ' +
        `L1 cases have ${l1.rounds} rounds of turns of ${l1.turnMs} ms, cases with Redis ${redis.rounds} of ${redis.turnMs} ms, other cases up to ${others.rounds} rounds. The first two rounds do not count.`,
      '- Cases with a figure for “each in its own process” are measured twice. First all candidates share a process, and no garbage is collected between their turns: each meets the inline caches and the garbage of the others, as caches do in a program. Before its first turn each candidate works for half a second at least. The verdict is about this figure. ' +
        'Then the library and the faster limit have a process each, and still take turns.',
      '- A ratio is made of the two turns of one round, so that what slows the machine down for a while is in both. Shown are the median over the rounds and, in brackets, the middle half. A verdict goes by the median.',
      '- Each candidate is called from a loop of its own: a shared one would make everybody pay for what the engine learns about the others. Calls are awaited one after the other, or by as many loops at once as the table says.',
      '- All hold the same keys and values; these are made before the clock starts. In the other cases the young garbage of the others is collected before each turn, by a minor collection: a full one would have V8 forget compiled code, which in a program happens every few seconds at most. Its own garbage is part of a turn.',
      '- Isolation is the same on both sides. By reference: `isolation: ’reference’`, Keyv without a serializer, `useClone: false`, `serialize: false`. Copies: `isolation: ’clone’`, Keyv’s JSON, `useClone: true`, `serialize: true`. ' +
        'It is checked before the measurement. Peers that cannot freeze are measured by reference beside `’freeze’`.',
      '- Memory: `heapUsed` and `external` after several full collections, before a store is made and after it is full, in a process for each.',
      '- Redis cases: `ioredis` is `JSON.parse(await redis.get(key))`, `MGET`, `SET` with `PX`, and a pipeline of `SET`, with `enableAutoPipelining` on and off; the better of the two for the case is what the library is compared with. The values’ JSON has 1,000 bytes, ' +
        'the most that is stored uncompressed by default. In two tiers, bentocache has its bus; cacheable runs without its CacheableSync, and cache-manager has no way to tell other instances of a change.',
      '- Each contender in Redis has keys of its own; ids in the values prove that it read its own.',
      '- Cold keys: every turn has keys that were never used. The keys of the turn before are deleted before the clock starts, and the loads of a turn are counted: one for each call. The loader of the memory case returns at once; the limit has single flight by a `Map` of promises. ' +
        'In Redis by hand there is none: `GET`, load, `SET`, each awaited.',
      '- Zipf: the popularity of key `i` is proportional to `1 / i`; every candidate has the same draws. Two tiers of cold keys and Zipf compare L1s by reference, as by hand; “copies” is this library with its default isolation, and bentocache can only copy.',
      '- Late loads: ten keys are set and ten are deleted while their loads run; then all loads end. A key counts when it has the loaded value afterwards. None of the peers promises that a load leaves a newer change alone.',
      '- `commandTimeout` is 10 s for the library, in place of 250 ms: on a machine that is busy with the measurement itself a late answer is no outage. That there were no errors is checked.',
      '- HTTP: a server process for each, started anew after two rounds, one load generator (autocannon) on the loopback interface; that handlers did not run for hits is checked.',
      '- Import: a new process for each sample, files in the page cache, the time of `await import()`.',
    ].join('\n'),
  ];
}

export const notMeasured = [
  '## Not measured here',
  [
    '- Redis over a network, TLS, Cluster, Sentinel; a server on other processors than the client. On the loopback interface of a machine with two processors, client, server and load generator share them.',
    '- Compressed and encrypted values, and values much larger than 1 kB.',
    '- Hit ratios: all caches here are large enough, but for Zipf. [Scale](scale.md) is about those, [eviction](decisions/eviction.md) about what leaves a full one.',
    '- Fastify, and routes that do work.',
  ].join('\n'),
];
