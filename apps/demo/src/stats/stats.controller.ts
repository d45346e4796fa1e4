import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AiCacheService, Cache, CachePerformanceMonitor, InjectAiCache } from 'nestjs-cache-infra';
import { schemaOf } from '../openapi/schema-of.js';
import { statsExample } from './stats.example.js';

@ApiTags('cache')
@Controller('cache')
export class StatsController {
  constructor(
    private readonly cache: Cache,
    @InjectAiCache('ai') private readonly ai: AiCacheService,
    private readonly monitor: CachePerformanceMonitor,
  ) {}

  @Get('stats')
  @ApiOperation({ summary: 'The counters and savings of the caches since the start' })
  @ApiOkResponse({ schema: schemaOf(statsExample) })
  stats(): object {
    return {
      cache: this.cache.stats(),
      ai: this.ai.stats({ by: 'operation' }),
      performance: this.monitor.getPerformanceStats(),
    };
  }
}
