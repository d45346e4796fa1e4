import { Injectable, NotFoundException } from '@nestjs/common';
import { Cacheable, CacheEvict, CachePut } from 'nestjs-cache-infra';
import type { Product, ProductDetails } from './product.js';
import { ProductsRepository } from './products.repository.js';

const productKey = (id: string): string => `product:${id}`;
const listKey = 'products';

@Injectable()
export class ProductsService {
  constructor(private readonly repository: ProductsRepository) {}

  @Cacheable({ key: listKey, ttl: '1m' })
  findAll(): Promise<Product[]> {
    return this.repository.findAll();
  }

  async findOne(id: string): Promise<Product> {
    const product = await this.lookUp(id);
    if (product === null) throw new NotFoundException(`There is no product '${id}'`);
    return product;
  }

  /** `null` is a value: the absence of a product is cached too, until the product is saved. */
  @Cacheable({ key: productKey, ttl: '5m' })
  async lookUp(id: string): Promise<Product | null> {
    return (await this.repository.findOne(id)) ?? null;
  }

  @CacheEvict({ key: listKey })
  @CachePut({ key: productKey, ttl: '5m' })
  save(id: string, details: ProductDetails): Promise<Product> {
    return this.repository.save(id, details);
  }

  @CacheEvict({ key: (id: string) => [productKey(id), listKey] })
  async remove(id: string): Promise<void> {
    if (!(await this.repository.remove(id))) throw new NotFoundException(`There is no product '${id}'`);
  }
}
