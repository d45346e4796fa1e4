import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { CacheHealthIndicator } from 'nestjs-cache-infra';
import { schemaOf } from '../openapi/schema-of.js';

const up = { cache: { status: 'up' }, aiCache: { status: 'up' } };
const down = { cache: { status: 'down' } };
const healthy = { status: 'ok', info: up, error: {}, details: up };
const unhealthy = {
  status: 'error',
  info: { aiCache: { status: 'up' } },
  error: down,
  details: { ...up, ...down },
};

@ApiTags('cache')
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly caches: CacheHealthIndicator,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The health of the caches, in the format of Terminus' })
  @ApiOkResponse({ schema: { ...schemaOf(unhealthy), example: healthy }, description: 'All caches work' })
  @ApiServiceUnavailableResponse({ schema: schemaOf(unhealthy), description: 'A cache does not work' })
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  check(): Promise<object> {
    return this.health.check([() => this.caches.check('cache'), () => this.caches.check('aiCache', 'ai')]);
  }
}
