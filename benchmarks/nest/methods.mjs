// Compares a method under @Cacheable with direct calls of its cache.
import 'reflect-metadata';

import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { Cache, Cacheable, CacheInfraModule } from 'nestjs-cache-infra';
import { keys as allKeys, string100 } from '../peers/data.mjs';
import { loopOf } from '../peers/race.mjs';

// Fewer than the default maxSize.
const keys = allKeys.slice(0, 64);

class Texts {
  async plain() {
    return string100(1);
  }

  async named() {
    return string100(1);
  }

  async byArguments() {
    return string100(1);
  }
}

/** Applies a decorator like a compiler: the result replaces the method. */
function decorate(method, options) {
  const descriptor = Object.getOwnPropertyDescriptor(Texts.prototype, method);
  const decorated = Cacheable(options)(Texts.prototype, method, descriptor) ?? descriptor;
  Object.defineProperty(Texts.prototype, method, decorated);
}

decorate('plain', {});
decorate('named', { key: 'named' });
decorate('byArguments', {});
Injectable()(Texts);
class App {}
Module({ imports: [CacheInfraModule.forRoot({})], providers: [Texts] })(App);

/** Candidates of a race; all calls are hits in one in-memory cache. */
export async function methodCandidates() {
  const app = await NestFactory.createApplicationContext(App, { logger: false });
  const it = { cache: app.get(Cache), texts: app.get(Texts) };
  await it.cache.set(keys[0], string100(1));
  const calls = {
    'cache.get': 'it.cache.get(keys[0])',
    '@Cacheable, without arguments': 'it.texts.plain()',
    '@Cacheable, with a key': 'it.texts.named()',
    '@Cacheable, key made of an argument': 'it.texts.byArguments(key)',
  };
  const candidates = [];
  for (const [name, call] of Object.entries(calls)) {
    const loop = loopOf(call);
    const run = (count) => loop(it, keys, count);
    await run(keys.length);
    const before = it.cache.stats();
    await run(keys.length);
    const after = it.cache.stats();
    if (after.misses !== before.misses || after.hits !== before.hits + keys.length)
      throw new Error(`${name}: hits were expected`);
    candidates.push({ name, run });
  }
  return candidates;
}
