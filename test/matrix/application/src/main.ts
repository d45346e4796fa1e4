import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule } from './app.module.js';
import { requestAll } from './requests.js';

async function start(): Promise<void> {
  const options = { logger: ['error', 'warn'] as ('error' | 'warn')[], abortOnError: false };
  const app =
    process.argv[2] === 'fastify'
      ? await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), options)
      : await NestFactory.create(AppModule, options);
  await requestAll(app);
  console.log('every second answer came from a cache');
}

start().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
