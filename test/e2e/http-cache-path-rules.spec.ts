import { describe, expect, it } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

import { pathRules } from '../../libs/cache-infra/src/nestjs/http/rules/path-rules.js';

describe('T72: the path rules of a router', () => {
  const express = (...settings: string[]) => {
    const adapter = new ExpressAdapter();
    for (const setting of settings) adapter.set(setting, true);
    return adapter;
  };

  it.each([
    ['Express', express(), { ignoresCase: true, ignoresTrailingSlash: true }],
    ['Express, strict', express('strict routing'), { ignoresCase: true, ignoresTrailingSlash: false }],
    [
      'Express by case',
      express('case sensitive routing'),
      { ignoresCase: false, ignoresTrailingSlash: true },
    ],
    ['Fastify', new FastifyAdapter(), { ignoresCase: false, ignoresTrailingSlash: false }],
    [
      'Fastify, loose',
      new FastifyAdapter({ routerOptions: { ignoreTrailingSlash: true, caseSensitive: false } }),
      { ignoresCase: true, ignoresTrailingSlash: true },
    ],
    [
      'Fastify with more',
      new FastifyAdapter({ routerOptions: { ignoreDuplicateSlashes: true }, useSemicolonDelimiter: true }),
      { ignoresDuplicateSlashes: true, endsPathAtSemicolon: true },
    ],
    [
      'another',
      { getType: () => 'other', getInstance: () => ({}) },
      { ignoresCase: true, ignoresTrailingSlash: true, ignoresDuplicateSlashes: true },
    ],
  ])('%s', (_what, adapter, expected) => {
    expect(pathRules(adapter)).toMatchObject(expected);
  });
});
