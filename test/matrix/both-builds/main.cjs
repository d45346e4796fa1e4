'use strict';

require('reflect-metadata');
const { strictEqual } = require('node:assert');
const console = require('node:console');
const process = require('node:process');
const { Module, Inject, Injectable } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { Cache, CacheClosedError, CacheInfraModule } = require('nestjs-cache-infra');

class Prices {
  constructor(cache) {
    this.cache = cache;
  }
}
Injectable()(Prices);
Inject(Cache)(Prices, undefined, 0);

async function main() {
  const dependency = await import('./dependency.mjs');
  const { Rates } = dependency;
  class AppModule {}
  Module({ imports: [CacheInfraModule.forRoot()], providers: [Prices, Rates] })(AppModule);

  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const [prices, rates] = [app.get(Prices), app.get(Rates)];
  strictEqual(dependency.Cache, Cache);
  strictEqual(rates.cache, prices.cache);

  strictEqual(await rates.of('EUR'), await rates.of('EUR'));
  strictEqual(rates.loads, 1);
  await prices.cache.clear();
  await rates.of('EUR');
  strictEqual(rates.loads, 2);

  await app.close();
  const error = await rates.cache.get('key').catch((caught) => caught);
  strictEqual(error instanceof CacheClosedError, true);
  strictEqual(error instanceof dependency.CacheClosedError, true);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
