import type { ValidationProblem } from '../base/errors.js';
import { contradictions } from '../cache/contract/contradictions.js';
import { propertiesOf, type JsonSchema } from '../cache/contract/option-kinds.js';
import { checkOptions } from './check-options.js';
import { readEnvironment } from './environment.js';
import { configOptions, configOptionSet, type CacheConfig } from './options.js';

export type { JsonSchema };

/** A validator as [Standard Schema](https://standardschema.dev) has it. */
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

const jsonSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The options of a cache of nestjs-cache-infra',
  type: 'object',
  additionalProperties: false,
  not: { required: ['redisUrl', 'redis'] },
  properties: propertiesOf(configOptions),
};

/**
 * The options of a cache, to validate them elsewhere too: a JSON Schema (2020-12) for Ajv and its like, and a Standard
 * Schema. `CacheInfraModule` validates by itself, with the same rules.
 */
export const cacheConfigSchema: JsonSchema & StandardSchema<CacheConfig> = withStandard(
  jsonSchema,
  (value) => [
    ...checkOptions(configOptionSet, value).problems,
    ...contradictions(value as CacheConfig | null),
  ],
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
