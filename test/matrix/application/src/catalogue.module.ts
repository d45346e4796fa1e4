import { Module } from '@nestjs/common';
import { CacheInfraModule } from 'nestjs-cache-infra';

import { ProductsController } from './products.controller.js';
import { ProductsService } from './products.service.js';

@Module({
  imports: [CacheInfraModule.forFeature('catalogue')],
  controllers: [ProductsController],
  providers: [ProductsService],
})
export class CatalogueModule {}
