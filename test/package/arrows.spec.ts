import { join } from 'node:path';

import { jest } from '@jest/globals';
import { Linter, type ESLint, type Rule } from 'eslint';
import tseslint from 'typescript-eslint';

import { execute, importTool, root } from '../support/repository.js';

const {
  default: arrows,
  findRings,
  importsIn,
} = await importTool<{
  default: Rule.RuleModule;
  findRings(imports: ReadonlyMap<string, readonly string[]>): Map<string, number>;
  importsIn(folder: string): Map<string, string[]>;
}>('scripts/eslint/arrows.mjs');
// ESLint in a process of its own starts slowly on a busy machine.
jest.setTimeout(60_000);

const linter = new Linter({ cwd: root });
const source = 'libs/cache-infra/src';

/** What the rule says about one line of a file of the library. */
function problems(file: string, code: string): string[] {
  const messages = linter.verify(
    code,
    {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      plugins: { local: { rules: { arrows } } },
      rules: { 'local/arrows': 'error' },
    },
    join(root, source, file),
  );
  return messages.map(({ message }) => message);
}

describe('the arrows nestjs → config, ai, monitoring → cache → tiers → codec → values, keys → base', () => {
  it.each([
    ['base/errors.ts', '../keys/key.js'],
    ['keys/key.ts', '../codec/codec.js'],
    ['values/clone.ts', '../codec/codec.js'],
    ['codec/codec.ts', '../tiers/redis/redis-tier.js'],
    ['tiers/redis/redis-tier.ts', '../../cache/contract/cache.js'],
    ['cache/engine.ts', '../monitoring/histogram.js'],
    ['cache/engine.ts', '../config/presets.js'],
    ['cache/load/load-run.ts', '../../ai/types.js'],
    ['monitoring/histogram.ts', '../ai/types.js'],
    ['ai/types.ts', '../monitoring/histogram.js'],
    ['ai/types.ts', '../config/presets.js'],
    ['config/presets.ts', '../nestjs/registry/tokens.js'],
    ['config/presets.ts', '../ai/types.js'],
    ['nestjs/registry/tokens.ts', '../../testing/redis-server.js'],
    ['index.ts', './testing/index.js'],
  ])('%s may not import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toHaveLength(1);
  });

  it.each([
    ['nestjs/module/tokens.ts', '../../config/presets.js'],
    ['nestjs/module/tokens.ts', '../../ai/types.js'],
    ['config/new.ts', '../monitoring/histogram.js'],
    ['monitoring/histogram.ts', '../cache/contract/cache.js'],
    ['cache/new.ts', '../tiers/redis/redis-tier.js'],
    ['tiers/redis/new.ts', '../../codec/codec.js'],
    ['keys/key.ts', './digest.js'],
    ['keys/key.ts', '../base/errors.js'],
    ['testing/index.ts', '../config/presets.js'],
    ['index.ts', './nestjs/index.js'],
    ['tiers/redis/redis-tier.spec.ts', '../../testing/redis-server.js'],
    ['cache/observe/observer.spec.ts', '../../monitoring/performance-monitor.js'],
    ['testing/index.ts', '../benchmarks/index.js'],
  ])('%s may import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toEqual([]);
  });

  it.each([
    "import type { X } from '../nestjs/x.js';",
    "export { x } from '../nestjs/x.js';",
    "export * from '../nestjs/x.js';",
    "const x = await import('../nestjs/x.js');",
    "type X = import('../nestjs/x.js').X;",
  ])('apply to every kind of import: %s', (code) => {
    expect(problems('cache/core.ts', code)).toHaveLength(1);
  });
});

describe('the inner rooms of cache/: facade → load → read, write → invalidate → recover → observe, entry → contract', () => {
  it.each([
    ['cache/contract/new.ts', '../entry/keyspace.js'],
    ['cache/entry/new.ts', '../observe/counters.js'],
    ['cache/observe/new.ts', '../entry/keyspace.js'],
    ['cache/recover/new.ts', '../invalidate/removals.js'],
    ['cache/invalidate/new.ts', '../read/reads.js'],
    ['cache/read/new.ts', '../write/writes.js'],
    ['cache/write/new.ts', '../load/load-run.js'],
    ['tiers/memory/new.ts', '../redis/redis-tier.js'],
    ['tiers/redis/new.ts', '../coherence/pubsub.js'],
    ['nestjs/http/rules/new.ts', '../adapter/http-caches.js'],
    ['nestjs/registry/new.ts', '../decorators/cacheable.js'],
  ])('%s may not import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toHaveLength(1);
  });

  it.each([
    ['cache/load/new.ts', '../invalidate/in-flight.js'],
    ['cache/invalidate/new.ts', '../recover/journal.js'],
    ['cache/recover/new.ts', '../entry/keyspace.js'],
    ['cache/new.ts', './load/load-run.js'],
  ])('%s may import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toEqual([]);
  });

  it.each(['cache/load/new.ts', 'cache/read/new.ts', 'cli/new.ts', 'nestjs/module/new.ts'])(
    '%s may not import the engine',
    (file) => {
      const up = '../'.repeat(file.split('/').length - 1);
      expect(problems(file, `import type { Engine } from '${up}cache/engine.js';`)).toHaveLength(1);
    },
  );
});

describe('import rings', () => {
  it('finds the files of each ring, and no others', () => {
    const imports = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['e']],
      ['e', ['d', 'f']],
      ['f', []],
    ]);
    const rings = findRings(imports);
    expect([...rings.keys()].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(rings.get('a')).toBe(rings.get('c'));
    expect(rings.get('d')).toBe(rings.get('e'));
    expect(rings.get('a')).not.toBe(rings.get('d'));
  });

  it('finds no ring in the library', () => {
    const imports = importsIn(join(root, source));
    expect(imports.size).toBeGreaterThan(300);
    expect([...findRings(imports).keys()]).toEqual([]);
  });
});

describe('packages', () => {
  it.each([
    ['cache/core.ts', '@nestjs/common'],
    ['config/presets.ts', '@nestjs/core'],
    ['errors.ts', '@nestjs/common'],
    ['cache/core.spec.ts', '@nestjs/testing'],
    ['cache/core.ts', 'ioredis'],
    ['nestjs/tokens.ts', 'ioredis'],
  ])('%s may not import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toHaveLength(1);
  });

  it.each([
    ['nestjs/module/tokens.ts', '@nestjs/common'],
    ['testing/index.ts', '@nestjs/testing'],
    ['tiers/redis-tier.ts', 'ioredis'],
    ['testing/redis-server.ts', 'ioredis'],
  ])('%s may import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toEqual([]);
  });
});

describe('the lint configuration', () => {
  const configOf = async (file: string) => {
    const printed = await execute(process.execPath, [
      join(root, 'node_modules/eslint/bin/eslint.js'),
      '--print-config',
      `${source}/${file}`,
    ]);
    return (
      JSON.parse(printed) as { rules: NonNullable<ESLint.Options['baseConfig']> & Record<string, unknown[]> }
    ).rules;
  };

  it('holds the arrows in every file of the library, and the environment in config/', async () => {
    const rules = await configOf('cache/core.ts');

    expect(rules['local/arrows']?.[0]).toBe(2);
    expect(rules['no-restricted-properties']).toEqual([
      2,
      expect.objectContaining({ object: 'process', property: 'env' }),
    ]);
  });

  it('lets config/ read the environment', async () => {
    const rules = await configOf('config/environment.ts');

    expect(rules['no-restricted-properties']).toBeUndefined();
  });
});
