// An ESM package that an application depends on: it injects the cache by its class, as the application does.
import { Inject, Injectable } from '@nestjs/common';
import { Cache, Cacheable, CacheClosedError } from 'nestjs-cache-infra';

export class Rates {
  loads = 0;

  constructor(cache) {
    this.cache = cache;
  }

  async of(currency) {
    this.loads += 1;
    return `rate of ${currency}`;
  }
}

Injectable()(Rates);
Inject(Cache)(Rates, undefined, 0);
const method = Object.getOwnPropertyDescriptor(Rates.prototype, 'of');
Object.defineProperty(Rates.prototype, 'of', Cacheable()(Rates.prototype, 'of', method) ?? method);

export { Cache, CacheClosedError };
