import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';

import { deferInvalidations } from '../deferred-invalidations.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { ValueSchema } from '../contract/value-schema.js';

let cache: InMemoryCache;
const errors: unknown[] = [];
beforeEach(() => {
  cache = new InMemoryCache();
  errors.length = 0;
  cache.on('error', (event) => errors.push(event));
});
afterEach(() => cache.close());

const schemas: [string, ValueSchema][] = [
  ['zod', z.object({ name: z.string() })],
  ['valibot', v.object({ name: v.string() })],
  ['arktype', type({ name: 'string' })],
];
const fresh = { name: 'new' };

describe.each(schemas)('schema of %s', (_, schema) => {
  it('a value that fits is a hit', async () => {
    await cache.set('key', { name: 'old', more: 1 });
    expect(await cache.getOrSet('key', () => fresh, { schema })).toEqual({ name: 'old', more: 1 });
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 0, schemaMisses: 0 });
  });

  it('a value that does not fit is a miss, and no error', async () => {
    await cache.set('key', { title: 'of another release' });
    expect(await cache.getOrSet('key', () => fresh, { schema })).toEqual(fresh);
    expect(await cache.get('key')).toEqual(fresh);
    expect(cache.stats()).toMatchObject({ misses: 1, schemaMisses: 1, loads: 1, errors: 0 });
    expect(errors).toEqual([]);
  });

  it('holds for each key of getOrSetMany', async () => {
    await cache.setMany([
      ['a', { name: 'a' }],
      ['b', { title: 'b' }],
    ]);
    const loader = jest.fn((missing: readonly string[]) => missing.map(() => fresh));
    const values = await cache.getOrSetMany(['a', 'b'], loader, { schema });
    expect([...values.values()]).toEqual([{ name: 'a' }, fresh]);
    expect(loader.mock.calls.map(([missing]) => missing)).toEqual([['b']]);
  });

  it('holds in a scope', async () => {
    await cache.set('key', { title: 'b' });
    const inside = deferInvalidations(() => cache.getOrSet('key', () => fresh, { schema }));
    expect(await inside).toEqual(fresh);
    expect(cache.stats().schemaMisses).toBe(1);
  });
});

describe('schema', () => {
  it('checks an object of the L1 once', async () => {
    const validate = jest.fn(() => ({}));
    const schema: ValueSchema = { '~standard': { version: 1, vendor: 'own', validate } };
    await cache.set('key', { name: 'old' });
    for (let i = 0; i < 3; i++) await cache.getOrSet('key', () => fresh, { schema });
    expect(validate).toHaveBeenCalledTimes(1);
    await cache.set('key', { name: 'later' });
    await cache.getOrSet('key', () => fresh, { schema });
    expect(validate).toHaveBeenCalledTimes(2);
  });

  it('shows the schema a copy: it cannot change the stored value', async () => {
    const validate = (value: unknown): object => {
      (value as { name: string }).name = 'changed';
      return {};
    };
    await cache.set('key', { name: 'old' });
    const schema: ValueSchema = { '~standard': { version: 1, vendor: 'own', validate } };
    await cache.getOrSet('key', () => fresh, { schema });
    expect(await cache.get('key')).toEqual({ name: 'old' });
  });

  it("a loader's own value that does not fit goes to its caller", async () => {
    const [, schema] = schemas[0] as [string, ValueSchema];
    expect(await cache.getOrSet('key', () => ({ title: 'x' }), { schema })).toEqual({ title: 'x' });
    expect(cache.stats().schemaMisses).toBe(1);
  });

  it('that validates asynchronously is refused', async () => {
    const schema = z.object({ name: z.string().refine(async () => Promise.resolve(true)) });
    await cache.set('key', { name: 'old' });
    await expect(cache.getOrSet('key', () => fresh, { schema })).rejects.toThrow(
      'schema of zod must validate synchronously',
    );
  });

  it('must be one', async () => {
    const schema = { parse: () => 1 } as never;
    await expect(cache.getOrSet('key', () => fresh, { schema })).rejects.toThrow(
      'schema must be a Standard Schema',
    );
  });
});
