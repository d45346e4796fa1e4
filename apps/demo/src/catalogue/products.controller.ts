import { Body, Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { Product, ProductDetails } from './product.js';
import { ProductsService } from './products.service.js';

const ApiId = () => ApiParam({ name: 'id', example: 'desk-lamp' });

@ApiTags('catalogue')
@Controller('products')
export class ProductsController {
  constructor(private readonly products: ProductsService) {}

  @Get()
  @ApiOperation({ summary: 'All products, cached for a minute' })
  @ApiOkResponse({ type: [Product] })
  findAll(): Promise<Product[]> {
    return this.products.findAll();
  }

  @Get(':id')
  @ApiId()
  @ApiOperation({ summary: 'One product, cached for five minutes' })
  @ApiOkResponse({ type: Product })
  @ApiNotFoundResponse({
    description: 'The product does not exist; this answer is cached for five minutes, too',
  })
  findOne(@Param('id') id: string): Promise<Product> {
    return this.products.findOne(id);
  }

  @Put(':id')
  @ApiId()
  @ApiOperation({ summary: 'Creates or replaces a product, and updates the cache' })
  @ApiOkResponse({ type: Product })
  @ApiBadRequestResponse({ description: 'The body is invalid; `message` lists the reasons' })
  save(@Param('id') id: string, @Body() details: ProductDetails): Promise<Product> {
    return this.products.save(id, details);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiId()
  @ApiOperation({ summary: 'Deletes a product, and evicts it from the cache' })
  @ApiNoContentResponse({ description: 'The product was deleted' })
  @ApiNotFoundResponse({ description: 'The product does not exist' })
  remove(@Param('id') id: string): Promise<void> {
    return this.products.remove(id);
  }
}
