/** Titles of the tables, and their reference candidates. */
export const tables = {
  'l1-get-string': ['`get`, L1 hit, 100-byte string', 'limit'],
  'l1-get-reference': [
    "`get`, L1 hit, object of 10 fields, by reference (`isolation: 'reference'`)",
    'limit',
  ],
  'l1-get-freeze': [
    "`get`, L1 hit, the same object, frozen (`isolation: 'freeze'`); peers by reference",
    'limit',
  ],
  'l1-get-clone': [
    '`get`, L1 hit, the same object, a copy for each caller (the default); the limit shares',
    'limit',
  ],
  'l1-get-or-set-string': ['`getOrSet`, L1 hit, 100-byte string', 'limit'],
  'l1-get-or-set-reference': ['`getOrSet`, L1 hit, object by reference', 'limit'],
  'l1-get-or-set-freeze': ['`getOrSet`, L1 hit, frozen object; peers by reference', 'limit'],
  'l1-set-string': [
    '`set`, L1, 100-byte string; the limit is an `async` function around `lru-cache`’s `set` with a ttl',
    'limit',
  ],
  'l1-cold': [
    '`getOrSet` of cold keys, 100-byte string, a loader of no cost; the limit is `lru-cache` with single flight',
    'limit',
  ],
  'l1-get-many': [
    '`getMany` of 100, L1 hits, objects by reference; the limit is a loop (bentocache has none)',
    'limit',
  ],
  'l1-set-many': [
    '`setMany` of 100, L1, objects by reference; the limit is a loop (bentocache has none)',
    'limit',
  ],
  memory: ['Memory of an entry: a key, 100 bytes of text, and what the store adds; 200,000 entries', 'Map'],
  'redis-get-1': ['Hit in Redis, 1 kB of JSON, one call at a time', 'raw'],
  'redis-get-32': ['Hit in Redis, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-get-256': ['Hit in Redis, 1 kB of JSON, 256 calls at a time', 'raw'],
  'redis-get-or-set-1': ['`getOrSet`, hit in Redis, 1 kB of JSON, one call at a time', 'raw'],
  'redis-get-or-set-32': ['`getOrSet`, hit in Redis, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-get-or-set-256': ['`getOrSet`, hit in Redis, 1 kB of JSON, 256 calls at a time', 'raw'],
  'redis-get-many': ['100 keys of 1 kB in one call (bentocache has none)', 'raw'],
  'redis-get-many-8': ['100 keys of 1 kB in one call, 8 calls at a time', 'raw'],
  'redis-set-many': [
    '100 values of 1 kB in one call; by hand a pipeline of `SET` (bentocache has none)',
    'raw',
  ],
  'redis-cold-32': ['`getOrSet` of cold keys, Redis alone, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-two-tier-set-32': ['`set` in the L1 and in Redis, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-two-tier-set-small-32': [
    '`set` in the L1 and in Redis, object of 10 fields, 32 calls at a time',
    'raw',
  ],
  'redis-two-tier-cold-32': ['`getOrSet` of cold keys, two tiers, 1 kB of JSON, 32 calls at a time', 'raw'],
  'redis-two-tier-zipf-32': [
    '`getOrSet`, 20,000 keys by Zipf’s law (exponent 1), an L1 of 2,000, warm Redis, 32 calls at a time',
    'raw',
  ],
  herd: ['Loads of one cold key that 1,000 callers in 4 processes ask for at once', undefined],
  'late-load': [
    'Old values left by loads that end after a newer `set` or `delete` of their key, of 20; two tiers',
    undefined,
  ],
  'nest-http': ['A route of a NestJS application on Express, 32 connections', 'none'],
  'nest-cacheable': ['A method under `@Cacheable`, hits in memory', 'cache.get'],
  import: ['Import, in a new process', undefined],
};
