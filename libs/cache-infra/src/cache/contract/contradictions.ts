import type { ValidationProblem } from '../../base/errors.js';
import { compressionLevels, hasZstd, zstdMissing } from '../../codec/compression.js';
import { isClient, type RedisServerOptions } from '../../tiers/redis/options.js';
import type { RedisCacheOptions } from './cache-options.js';

type Given = Partial<RedisCacheOptions> | null;

/** The problems of options that are right by themselves, but not together or not on this Node. */
export function contradictions(options: Given): readonly ValidationProblem[] {
  return [...addressProblems(options), ...formatProblems(options), ...compressionProblems(options)];
}

/** Entries in JSON are read by programs that know no compression and no key. */
function formatProblems(options: Given): readonly ValidationProblem[] {
  if (options?.format !== 'json') return [];
  const given: Readonly<Record<string, unknown>> = {
    encryption: options.encryption,
    enableCompression: options.enableCompression === false ? undefined : options.enableCompression,
    compressionThreshold: options.compressionThreshold,
    compressionAlgorithm: options.compressionAlgorithm,
    'advanced.compressionLevel': options.advanced?.compressionLevel,
  };
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([path]) => {
      const does = path === 'encryption' ? 'encrypted' : 'compressed';
      return {
        path,
        message: `${path} cannot be combined with format 'json', whose entries are never ${does}: leave one out`,
      };
    });
}

function compressionProblems(options: Given): readonly ValidationProblem[] {
  const { compressionAlgorithm: algorithm = 'deflate', advanced } = options ?? {};
  const level = advanced?.compressionLevel;
  // A wrong name or type is found by the check of its option.
  if (!Object.hasOwn(compressionLevels, algorithm)) return [];
  const { least, most } = compressionLevels[algorithm];
  const problems: ValidationProblem[] = [];
  const refuse = (path: string, words: string): void => {
    problems.push({ path, message: `${path} ${words}` });
  };
  if (algorithm === 'zstd' && !hasZstd) refuse('compressionAlgorithm', `'zstd' ${zstdMissing}`);
  if (Number.isInteger(level) && (Number(level) < least || Number(level) > most)) {
    const range = `an integer from ${String(least)} to ${String(most)}`;
    refuse(
      'advanced.compressionLevel',
      `must be ${range} with compressionAlgorithm '${algorithm}', got ${String(level)}`,
    );
  }
  return problems;
}

/** Parts of the address of Redis that contradict each other, or have no effect. */
function addressProblems(options: Partial<RedisCacheOptions> | null): readonly ValidationProblem[] {
  const redis = options?.redis;
  if (typeof redis !== 'object' || redis === null) return [];
  if (options?.redisUrl !== undefined) {
    return [{ path: 'redis', message: 'redis cannot be combined with redisUrl (use redis.url)' }];
  }
  return isClient(redis) ? [] : serverProblems(redis);
}

const places = ['url', 'host', 'path', 'sentinels', 'nodes'] as const satisfies (keyof RedisServerOptions)[];
const ofSentinels = ['sentinelName', 'sentinelUsername', 'sentinelPassword'] as const;

function serverProblems(server: RedisServerOptions): readonly ValidationProblem[] {
  const problems: ValidationProblem[] = [];
  const refuse = (name: keyof RedisServerOptions, words: string): void => {
    problems.push({ path: `redis.${name}`, message: `redis.${name} ${words}` });
  };
  const [place, ...others] = places.filter((name) => server[name] !== undefined);
  for (const other of others) {
    refuse(other, `cannot be combined with redis.${String(place)}: each says where Redis is`);
  }
  if (server.port !== undefined && place !== undefined && place !== 'host') {
    refuse('port', `belongs to redis.host, and redis.${place} is given: it has no effect there`);
  }
  for (const name of server.sentinels === undefined ? ofSentinels : []) {
    if (server[name] !== undefined) refuse(name, 'has no effect without redis.sentinels');
  }
  if (server.nodes !== undefined && server.db !== undefined && server.db !== 0) {
    refuse('db', 'must be 0 with redis.nodes: a Redis Cluster has no other database');
  }
  return problems;
}
