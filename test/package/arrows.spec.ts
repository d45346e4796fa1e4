import { join } from 'node:path';

import { jest } from '@jest/globals';
import { Linter, type ESLint, type Rule } from 'eslint';
import tseslint from 'typescript-eslint';

import { execute, importTool, root } from '../support/repository.js';

const { default: arrows } = await importTool<{ default: Rule.RuleModule }>('scripts/eslint/arrows.mjs');
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

describe('the arrows nestjs → config, ai, monitoring → cache → tiers → codec, keys', () => {
  it.each([
    ['keys/key.ts', '../codec/codec.js'],
    ['codec/codec.ts', '../tiers/redis-tier.js'],
    ['tiers/redis-tier.ts', '../cache/cache.js'],
    ['cache/core.ts', '../monitoring/histogram.js'],
    ['cache/core.ts', '../config/presets.js'],
    ['cache/core.ts', '../ai/types.js'],
    ['monitoring/histogram.ts', '../ai/types.js'],
    ['ai/types.ts', '../monitoring/histogram.js'],
    ['ai/types.ts', '../config/presets.js'],
    ['config/presets.ts', '../nestjs/tokens.js'],
    ['config/presets.ts', '../ai/types.js'],
    ['cache/deep/core.ts', '../../nestjs/tokens.js'],
    ['nestjs/tokens.ts', '../testing/redis-server.js'],
    ['index.ts', './testing/index.js'],
    ['errors.ts', './cache/cache.js'],
  ])('%s may not import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toHaveLength(1);
  });

  it.each([
    ['nestjs/tokens.ts', '../config/presets.js'],
    ['nestjs/tokens.ts', '../ai/types.js'],
    ['config/presets.ts', '../monitoring/histogram.js'],
    ['monitoring/histogram.ts', '../cache/cache.js'],
    ['cache/core.ts', '../tiers/redis-tier.js'],
    ['tiers/redis-tier.ts', '../codec/codec.js'],
    ['tiers/redis-tier.ts', '../keys/key.js'],
    ['keys/key.ts', './digest.js'],
    ['keys/key.ts', '../errors.js'],
    ['cache/deep/core.ts', '../core.js'],
    ['testing/index.ts', '../config/presets.js'],
    ['index.ts', './nestjs/index.js'],
    ['tiers/redis-tier.spec.ts', '../testing/redis-server.js'],
    ['cache/observer.spec.ts', '../monitoring/performance-monitor.js'],
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
  ])('hold for every way to import: %s', (code) => {
    expect(problems('cache/core.ts', code)).toHaveLength(1);
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
    ['cache/core.ts', 'lru-cache'],
  ])('%s may not import %s', (file, specifier) => {
    expect(problems(file, `import { x } from '${specifier}';`)).toHaveLength(1);
  });

  it.each([
    ['nestjs/tokens.ts', '@nestjs/common'],
    ['testing/index.ts', '@nestjs/testing'],
    ['tiers/redis-tier.ts', 'ioredis'],
    ['tiers/memory-tier.ts', 'lru-cache'],
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
