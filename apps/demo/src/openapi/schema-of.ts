import type { ApiResponseSchemaHost } from '@nestjs/swagger';

export type Schema = ApiResponseSchemaHost['schema'];

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * The OpenAPI schema of values like `example`, with the example. For answers of the library, whose types are interfaces
 * without decorators.
 */
export function schemaOf(example: Json): Schema {
  return { ...shapeOf(example), example };
}

function shapeOf(value: Json): Schema {
  if (value === null) return { type: 'string', nullable: true };
  if (isList(value)) return { type: 'array', items: value[0] === undefined ? {} : shapeOf(value[0]) };
  switch (typeof value) {
    case 'object':
      return {
        type: 'object',
        properties: Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shapeOf(each)])),
      };
    case 'number':
      return { type: 'number' };
    case 'boolean':
      return { type: 'boolean' };
    case 'string':
      return { type: 'string' };
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
