import { Test } from '@nestjs/testing';
import { Cache, CacheInfraModule } from 'nestjs-cache-infra';

import { ProductsService } from './products.service.js';

describe('ProductsService', () => {
  it('loads a product once', async () => {
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot()],
      providers: [ProductsService],
    }).compile();
    const products = module.get(ProductsService);

    expect(await products.find('7')).toEqual(await products.find('7'));
    expect(products.loads).toBe(1);
    await module.close();
  });

  it('loads again when the cache is empty', async () => {
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot()],
      providers: [ProductsService],
    }).compile();
    const products = module.get(ProductsService);

    await products.find('7');
    await module.get(Cache).clear();
    await products.find('7');
    expect(products.loads).toBe(2);
    await module.close();
  });
});
