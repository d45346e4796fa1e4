import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { readEnvironment } from './config/environment.js';
import { configureApp } from './configure-app.js';

const { host, port } = readEnvironment();
const app = configureApp(await NestFactory.create<NestExpressApplication>(AppModule));
await app.listen(port, host);
new Logger('Demo').log(
  `Listening on ${await app.getUrl()} (chat at /chat, dashboard at /dashboard, documentation at /docs, health at /health)`,
);
