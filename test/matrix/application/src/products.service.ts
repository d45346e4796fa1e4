import { Injectable } from '@nestjs/common';
import { Cacheable } from 'nestjs-cache-infra';

export interface Product {
  readonly id: string;
  readonly added: Date;
}

@Injectable()
export class ProductsService {
  /** How often a product was loaded. */
  loads = 0;

  @Cacheable()
  async find(id: string): Promise<Product> {
    this.loads += 1;
    return { id, added: new Date(0) };
  }
}
