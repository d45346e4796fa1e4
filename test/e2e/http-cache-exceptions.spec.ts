import { expect, describe, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  NotFoundException,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { HttpCache } from 'nestjs-cache-infra';

import { appsOfTest, handling, matrix } from '../support/http-cache-app.js';

const bootApp = appsOfTest();

class ProductNotFound extends NotFoundException {
  readonly code = 'PRODUCT_NOT_FOUND';
}

@Catch(ProductNotFound)
class ProductFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch({ code }: ProductNotFound, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { code }, 404);
  }
}

@Controller('products')
class ProductsController {
  @Get('own')
  @UseFilters(ProductFilter)
  @HttpCache({ ttl: '1m', statuses: [404] })
  own(): never {
    throw new ProductNotFound();
  }

  @Get('ofNest')
  @HttpCache({ ttl: '1m', statuses: [404] })
  ofNest(): never {
    throw new NotFoundException('no such thing');
  }
}

describe.each(matrix)('T5: a thrown exception, on %s with %s', (adapter, tier) => {
  it('of a class of the application is not stored, and reaches its filter every time', async () => {
    const test = await bootApp({ adapter, tier, controllers: [ProductsController] });
    const answers = [await test.fetch('/products/own'), await test.fetch('/products/own')];
    expect(await Promise.all(answers.map((it) => it.json()))).toEqual([
      { code: 'PRODUCT_NOT_FOUND' },
      { code: 'PRODUCT_NOT_FOUND' },
    ]);
    expect(answers.map(handling)).toEqual(Array(2).fill(expect.stringContaining('detail=exception-class')));
  });

  it("of Nest's own is stored once its headers have gone", async () => {
    const app = await bootApp({ adapter, tier, controllers: [ProductsController] });
    const first = await app.fetch('/products/ofNest');
    let second = first;
    while (!handling(second).includes('; hit')) second = await app.fetch('/products/ofNest');
    expect([second.status, await second.json()]).toEqual([404, await first.json()]);
  });
});
