import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Product, ProductDetails } from './product.js';

/** The duration of a query in milliseconds, in place of a real database. */
const queryTime = 150;

@Injectable()
export class ProductsRepository {
  readonly #products = new Map<string, ProductDetails>([
    ['desk-lamp', { name: 'Desk lamp', price: 3900, stock: 12 }],
    ['bookshelf', { name: 'Bookshelf, oak', price: 18_900, stock: 3 }],
    ['armchair', { name: 'Reading chair', price: 34_900, stock: 5 }],
    ['notebook', { name: 'Notebook, ruled', price: 650, stock: 240 }],
    ['fountain-pen', { name: 'Fountain pen', price: 4500, stock: 31 }],
  ]);

  async findAll(): Promise<Product[]> {
    await wait(queryTime);
    return [...this.#products].map(([id, details]) => ({ id, ...details }));
  }

  async findOne(id: string): Promise<Product | undefined> {
    await wait(queryTime);
    const details = this.#products.get(id);
    return details && { id, ...details };
  }

  async save(id: string, details: ProductDetails): Promise<Product> {
    await wait(queryTime);
    this.#products.set(id, { ...details });
    return { id, ...details };
  }

  /** True if it existed. */
  async remove(id: string): Promise<boolean> {
    await wait(queryTime);
    return this.#products.delete(id);
  }
}
