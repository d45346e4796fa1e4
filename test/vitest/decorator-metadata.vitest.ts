import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Cache, CacheInfraModule } from 'nestjs-cache-infra';
import { expect, it } from 'vitest';

@Injectable()
class Prices {
  constructor(readonly cache: Cache) {}
}

it('Nest injects a constructor by its types', async () => {
  const module = await Test.createTestingModule({
    imports: [CacheInfraModule.forTesting({ useMemoryCache: true })],
    providers: [Prices],
  }).compile();
  expect(module.get(Prices).cache).toBeInstanceOf(Cache);
  await module.close();
});
