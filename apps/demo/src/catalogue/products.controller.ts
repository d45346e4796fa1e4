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
  @ApiOperation({ summary: 'All products, from the cache for a minute' })
  @ApiOkResponse({ type: [Product] })
  findAll(): Promise<Product[]> {
    return this.products.findAll();
  }

  @Get(':id')
  @ApiId()
  @ApiOperation({ summary: 'One product, from the cache for five minutes' })
  @ApiOkResponse({ type: Product })
  @ApiNotFoundResponse({ description: 'There is no such product; known for five minutes, too' })
  findOne(@Param('id') id: string): Promise<Product> {
    return this.products.findOne(id);
  }

  @Put(':id')
  @ApiId()
  @ApiOperation({ summary: 'Creates or replaces a product; the cache has the new one at once' })
  @ApiOkResponse({ type: Product })
  @ApiBadRequestResponse({ description: 'Not a product: every reason in `message`' })
  save(@Param('id') id: string, @Body() details: ProductDetails): Promise<Product> {
    return this.products.save(id, details);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiId()
  @ApiOperation({ summary: 'Deletes a product, from the cache too' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @ApiNotFoundResponse({ description: 'There is no such product' })
  remove(@Param('id') id: string): Promise<void> {
    return this.products.remove(id);
  }
}
