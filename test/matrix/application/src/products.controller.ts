import { Controller, Get, Param } from '@nestjs/common';
import { HttpCache } from 'nestjs-cache-infra';

import { ProductsService, type Product } from './products.service.js';

@Controller('products')
export class ProductsController {
  /** How often the cached route ran. */
  lists = 0;

  constructor(private readonly products: ProductsService) {}

  @Get()
  @HttpCache({ ttl: '1m' })
  list(): string[] {
    this.lists += 1;
    return ['lamp'];
  }

  @Get(':id')
  find(@Param('id') id: string): Promise<Product> {
    return this.products.find(id);
  }
}
