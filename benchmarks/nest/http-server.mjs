// A NestJS application on a free loopback port with a trivial route: without interceptor, behind this library's, behind
// Nest's, or behind an empty one.
//   node benchmarks/nest/http-server.mjs none | nestjs-cache-infra | …
import 'reflect-metadata';

import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, Module, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { of } from 'rxjs';

import { CacheInfraModule, HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { object1kB } from '../peers/data.mjs';

const answer = object1kB(1);
const ttlSeconds = 3600;
let runs = 0;

class Answers {
  answer() {
    runs++;
    return answer;
  }
}

/** The lower bound of every cache behind an interceptor of Nest. */
class Constant {
  intercept() {
    return of(answer);
  }
}

const variants = {
  none: { imports: [], decorators: [] },
  'an interceptor that gives a constant': { imports: [], decorators: [UseInterceptors(Constant)] },
  'nestjs-cache-infra': {
    imports: [CacheInfraModule.forRoot({})],
    decorators: [HttpCache({ ttl: ttlSeconds }), UseInterceptors(HttpCacheInterceptor)],
  },
  '@nestjs/cache-manager': {
    imports: [CacheModule.register({ ttl: ttlSeconds * 1000 })],
    decorators: [UseInterceptors(CacheInterceptor)],
  },
};

const { imports, decorators } = variants[process.argv[2]];
for (const decorate of [Get('answer'), ...decorators]) {
  decorate(Answers.prototype, 'answer', Object.getOwnPropertyDescriptor(Answers.prototype, 'answer'));
}
Controller()(Answers);
class App {}
Module({ imports, controllers: [Answers] })(App);

const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
process.on('message', () => process.send({ runs }));
process.on('disconnect', async () => {
  await app.close();
  process.exit();
});
process.send({ port: app.getHttpServer().address().port });
