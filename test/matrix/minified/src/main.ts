// Two classes with the same default keys once a bundler has shortened their names.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheInfraModule } from 'nestjs-cache-infra';

import { FirstService } from './first.service.js';
import { SecondService } from './second.service.js';

@Module({
  imports: [CacheInfraModule.forRoot()], // in memory, or in the Redis of REDIS_URL
  providers: [FirstService, SecondService],
})
class AppModule {}

async function start(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, {
    logger: ['warn'],
    abortOnError: false,
  });
  try {
    const found = await Promise.all([app.get(FirstService).find('7'), app.get(SecondService).find('7')]);
    console.log(`${FirstService.name} and ${SecondService.name}: ${found.join(', ')}`);
  } finally {
    await app.close();
  }
}

start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
