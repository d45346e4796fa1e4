/** What an editor shows: `test/package/types.spec.ts` asks the language service at the marks. */
import { Cacheable, CacheEvict, CachePut, CacheService, InMemoryCache } from 'nestjs-cache-infra';

interface Product {
  readonly id: string;
}

export class Products {
  constructor(readonly cache: CacheService = new InMemoryCache()) {}

  @Cacheable<Products['find']>({
    key: (id) => id,
    tags: (id) => [id],
    condition: (id) => id !== '',
    unless: (product) => product === null,
    ttl: '5m',
  })
  async find(id: string): Promise<Product | null> {
    return Promise.resolve({ id });
  }

  @CachePut<Products['rename']>({ key: (id) => id, unless: (product) => product.id === '' })
  async rename(id: string): Promise<Product> {
    return Promise.resolve({ id });
  }

  @CacheEvict<Products['remove']>({
    key: (id) => id,
    pattern: (id) => `${id}*`,
    condition: (id) => id !== '',
  })
  async remove(_id: string): Promise<void> {
    await this.cache.get<Product>('x');
  }
}
