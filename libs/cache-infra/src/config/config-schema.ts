import { addressProblems } from '../cache/contract/option-checks.js';
import { mostEntries } from '../base/checks.js';
import { maxDurationMs } from '../base/duration.js';
import type { ValidationProblem } from '../base/errors.js';
import { readEnvironment } from './environment.js';
import { CacheConfig } from './options.js';
import { presetNames } from './presets.js';
import { check } from './rule.js';

/** A schema of JSON Schema (2020-12), as far as it is needed here. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What [Standard Schema](https://standardschema.dev) asks of a validator. */
export interface StandardSchema<T> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<T>;
    readonly types?: { readonly input: T; readonly output: T } | undefined;
  };
}

type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[] };

const seconds = { type: 'integer', minimum: 0, maximum: maxDurationMs / 1000 };
const unit = '(ms|s|m|h|d)$';
const duration = { anyOf: [seconds, { type: 'string', pattern: `^\\d+(\\.\\d+)?${unit}` }] };
const timeout = {
  anyOf: [
    { ...seconds, minimum: 1 },
    { type: 'string', pattern: `^(?!0+(\\.0+)?${unit})\\d+(\\.\\d+)?${unit}` },
  ],
};
const fraction = { type: 'number', minimum: 0, maximum: 1 };
const flag = { type: 'boolean' };
const text = { type: 'string', minLength: 1 };
const count = { type: 'integer', minimum: 0 };
const positive = { type: 'integer', minimum: 1 };
const entries = { ...positive, maximum: mostEntries };
const url = { type: 'string', pattern: '^([Rr][Ee][Dd][Ii][Ss][Ss]?|[Uu][Nn][Ii][Xx])://.+' };
const port = { type: 'integer', minimum: 1, maximum: 65_535 };
const host = { type: 'string', pattern: '^[^/@?#\\s]+$' };
const nodes = {
  type: 'array',
  minItems: 1,
  items: { type: 'object', required: ['host'], additionalProperties: false, properties: { host, port } },
};
/** What JSON has no word for: a function, a client. */
const anything = {};

const redis = {
  type: 'object',
  properties: {
    url,
    host,
    port,
    username: { type: 'string' },
    password: { type: 'string' },
    db: count,
    path: text,
    sentinels: nodes,
    sentinelName: text,
    sentinelUsername: { type: 'string' },
    sentinelPassword: { type: 'string' },
    nodes,
    tls: { type: ['boolean', 'object'] },
  },
};

const properties = {
  name: text,
  preset: { enum: [...presetNames, 'dev', 'test', 'stage', 'prod'] },
  redisUrl: url,
  redis,
  useMemoryCache: flag,
  failOnConnectionError: flag,
  enabled: flag,
  defaultTtl: seconds,
  keyPrefix: text,
  grace: duration,
  jitter: fraction,
  refreshAhead: fraction,
  softTimeout: duration,
  hardTimeout: duration,
  graceBackoff: timeout,
  lock: flag,
  leaseDuration: timeout,
  l1Ttl: duration,
  enableL1Cache: flag,
  l1CacheSize: entries,
  memoryCacheSize: entries,
  enableCompression: flag,
  compressionThreshold: count,
  compressionLevel: { type: 'integer', minimum: 1, maximum: 9 },
  maxValueBytes: positive,
  commandTimeout: timeout,
  connectTimeout: timeout,
  onError: { enum: ['degrade', 'throw'] },
  coherence: { enum: ['tracking', 'broadcast', 'pubsub', 'none'] },
  journalMaxEntries: count,
  journalMaxBytes: count,
  journalHorizon: duration,
  breakerThreshold: positive,
  breakerProbeInterval: timeout,
  encryption: {
    type: 'object',
    required: ['keys'],
    additionalProperties: false,
    properties: {
      keys: {
        type: 'array',
        minItems: 1,
        items: { type: 'object', required: ['id', 'key'], properties: { id: text, key: anything } },
      },
    },
  },
  adviser: flag,
  plain: flag,
  types: { type: 'array' },
  maxValueNodes: positive,
  isolation: { enum: ['clone', 'freeze', 'reference'] },
  textHashThreshold: count,
  operationTtls: {
    type: 'object',
    propertyNames: { pattern: '\\S' },
    additionalProperties: seconds,
  },
  monitor: { type: 'object' },
  onOperation: anything,
  logger: { type: 'object' },
  clock: { type: 'object' },
} satisfies Record<keyof CacheConfig, JsonSchema>;

/** With the defaults of the options beside them. */
const withDefaults = Object.entries(properties).map(([name, schema]) => {
  const value = new CacheConfig()[name as keyof CacheConfig];
  return [name, value === undefined ? schema : { ...schema, default: value }] as const;
});

const jsonSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The options of a cache of nestjs-cache-infra',
  type: 'object',
  additionalProperties: false,
  not: { required: ['redisUrl', 'redis'] },
  properties: Object.fromEntries(withDefaults),
};

/**
 * The options of a cache, for those who validate themselves: a JSON Schema (2020-12) for Ajv and its like, and a Standard
 * Schema for everything that takes one. `CacheInfraModule` validates by itself, with the same rules.
 */
export const cacheConfigSchema: JsonSchema & StandardSchema<CacheConfig> = withStandard(
  jsonSchema,
  (value) => [...check(CacheConfig, value).problems, ...addressProblems(value as CacheConfig | null)],
);

/**
 * The environment variables that the library reads, as a Standard Schema; all others pass as they are.
 *
 * ```ts
 * ConfigModule.forRoot({ validationSchema: cacheEnvironmentSchema })
 * ```
 */
export const cacheEnvironmentSchema: StandardSchema<Record<string, string | undefined>> = withStandard(
  {},
  (value) => readEnvironment(value as Record<string, string | undefined>).problems,
);

/** Not enumerable: to a JSON Schema validator it would be an unknown keyword. */
function withStandard<S extends object, T>(
  schema: S,
  problemsOf: (value: unknown) => readonly ValidationProblem[],
): S & StandardSchema<T> {
  const validate = (value: unknown): StandardResult<T> => {
    const problems = problemsOf(value);
    if (problems.length === 0) return { value: value as T };
    return { issues: problems.map(({ path, message }) => ({ message, path: path.split('.') })) };
  };
  const standard = { version: 1, vendor: 'nestjs-cache-infra', validate } as const;
  return Object.defineProperty(schema, '~standard', { value: standard }) as S & StandardSchema<T>;
}
