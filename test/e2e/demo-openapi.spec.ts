import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import { withEnvironment } from './demo-environment.js';

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  items?: Schema;
  allOf?: Schema[];
  enum?: unknown[];
  example?: unknown;
  default?: unknown;
  nullable?: boolean;
}
interface Media {
  schema?: Schema;
  example?: unknown;
}
interface Operation {
  summary?: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description?: string; content?: Record<string, Media> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let app: NestExpressApplication;
let document: Document;
let operations: (Operation & { name: string })[];

beforeAll(async () => {
  app = await withEnvironment({}, async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    return configureApp(module.createNestApplication<NestExpressApplication>({ logger: false })).init();
  });
  ({ body: document } = (await request(app.getHttpServer()).get('/docs-json').expect(200)) as {
    body: Document;
  });
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
  );
});
afterAll(() => app.close());

function resolved(schema: Schema): Schema {
  const named =
    schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1) ?? ''];
  if (named === undefined) throw new Error(`No schema ${schema.$ref ?? ''}`);
  if (named.allOf === undefined) return named;
  const parts = named.allOf.map(resolved);
  const properties = Object.assign({}, ...parts.map((part) => part.properties)) as Record<string, Schema>;
  return { ...named, type: 'object', properties };
}

/** Where a schema says no more than "an object", or has no type. */
function vague(schema: Schema, path: string): string[] {
  const { type, properties = {}, items, enum: values } = resolved(schema);
  if (type === 'array') return items === undefined ? [path] : vague(items, `${path}[]`);
  if (type === 'object') {
    const names = Object.entries(properties);
    return names.length === 0 ? [path] : names.flatMap(([name, each]) => vague(each, `${path}.${name}`));
  }
  return type === undefined && values === undefined ? [path] : [];
}

/** Where a schema has no example, and no parts that have one each. */
function without(schema: Schema, path: string): string[] {
  const { example, default: fallback, properties, items, type } = resolved(schema);
  if (example !== undefined || fallback !== undefined) return [];
  if (type === 'array' && items !== undefined) return without(items, `${path}[]`);
  const names = Object.entries(properties ?? {});
  return names.length === 0 ? [path] : names.flatMap(([name, each]) => without(each, `${path}.${name}`));
}

/** The bodies of an operation: of its request, and of its successful answers. */
function bodies({ name, requestBody, responses }: Operation & { name: string }): [string, Media][] {
  const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  return [
    ...Object.values(requestBody?.content ?? {}).map((media): [string, Media] => [`${name} request`, media]),
    ...answers.flatMap(([status, { content = {} }]) =>
      Object.values(content).map((media): [string, Media] => [`${name} ${status}`, media]),
    ),
  ];
}

/** Where a value is not of the documented type. */
function mismatches(value: unknown, schema: Schema, path: string): string[] {
  const { type, properties = {}, items, nullable } = resolved(schema);
  if (value === undefined || (value === null && nullable === true)) return [];
  if (type === 'array') {
    if (!Array.isArray(value)) return [path];
    return value.flatMap((each, index) => mismatches(each, items ?? {}, `${path}[${String(index)}]`));
  }
  if (type === 'object') {
    if (typeof value !== 'object' || value === null) return [path];
    const held = value as Record<string, unknown>;
    return Object.entries(properties).flatMap(([name, each]) =>
      mismatches(held[name], each, `${path}.${name}`),
    );
  }
  if (type === 'integer') return Number.isInteger(value) ? [] : [path];
  return type === undefined || typeof value === type ? [] : [path];
}

describe('the OpenAPI document of the demo', () => {
  it('has every endpoint', () => {
    expect(operations.map(({ name }) => name).sort()).toEqual([
      'delete /products/{id}',
      'get /ai/chat/facts',
      'get /cache/stats',
      'get /health',
      'get /live',
      'get /products',
      'get /products/{id}',
      'post /ai/chat',
      'post /ai/chat/explain',
      'post /ai/entities',
      'post /ai/keywords',
      'post /ai/readability',
      'post /ai/sentiment',
      'post /ai/summarize',
      'post /live/{action}',
      'put /products/{id}',
    ]);
  });

  it('has a summary for every operation', () => {
    expect(operations.filter(({ summary = '' }) => summary === '')).toEqual([]);
  });

  it('has a schema for every answer of success, or says that it has no body', () => {
    const silent = operations.flatMap(({ name, responses }) =>
      Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .filter(([status, { description = '', content = {} }]) =>
          status === '204'
            ? description === ''
            : !Object.values(content).some(({ schema }) => schema !== undefined),
        )
        .map(([status]) => `${name} ${status}`),
    );

    expect(silent).toEqual([]);
    for (const { responses } of operations)
      expect(Object.keys(responses)).toContainEqual(expect.stringMatching(/^2/));
  });

  it('says no more "object" than it must: every object has properties', () => {
    expect(
      operations.flatMap(bodies).flatMap(([name, { schema }]) => vague(schema ?? { type: 'object' }, name)),
    ).toEqual([]);
  });

  it('has an example for every body', () => {
    expect(
      operations
        .flatMap(bodies)
        .flatMap(([name, { schema, example }]) => (example === undefined ? without(schema ?? {}, name) : [])),
    ).toEqual([]);
  });

  it.each([
    ['get', '/live', undefined],
    ['get', '/health', undefined],
    ['get', '/cache/stats', undefined],
    ['get', '/products', undefined],
    ['get', '/ai/chat/facts', undefined],
    ['post', '/ai/keywords?explain=true', { text: 'The brave people declared independence.' }],
    ['post', '/ai/sentiment', { text: 'The brave people declared independence.' }],
    ['post', '/ai/readability', { text: 'The brave people declared independence.' }],
    ['post', '/ai/chat/explain', { question: 'What is a tag?', other: { question: 'What is a key?' } }],
  ] as const)('tells the types of what %s %s answers', async (method, path, body) => {
    const answer = await request(app.getHttpServer())[method](path).send(body).expect(200);
    const operation = document.paths[path.replace(/\?.*/, '')]?.[method];
    const schema = operation?.responses['200']?.content?.['application/json']?.schema ?? {};

    expect(Object.keys(resolved(schema).properties ?? resolved(schema).items ?? {})).not.toEqual([]);
    expect(mismatches(answer.body, schema, path)).toEqual([]);
  });
});
