import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Product, ProductDetails } from './product.js';
import { ProductsService } from './products.service.js';

@ApiTags('catalogue')
@Controller('products')
export class ProductsController {
  constructor(private readonly products: ProductsService) {}

  @Get()
  @ApiOkResponse({ type: [Product] })
  findAll(): Promise<Product[]> {
    return this.products.findAll();
  }

  @Get(':id')
  @ApiOkResponse({ type: Product })
  @ApiNotFoundResponse()
  findOne(@Param('id') id: string): Promise<Product> {
    return this.products.findOne(id);
  }

  /** Creates or replaces. */
  @Put(':id')
  @ApiOkResponse({ type: Product })
  save(@Param('id') id: string, @Body() details: ProductDetails): Promise<Product> {
    return this.products.save(id, details);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiNotFoundResponse()
  remove(@Param('id') id: string): Promise<void> {
    return this.products.remove(id);
  }
}
