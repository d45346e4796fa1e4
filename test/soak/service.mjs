// What a service has around its cache: HTTP responses, AI answers, and hits that the truth meter verifies.
import 'reflect-metadata';
import { Agent, get } from 'node:http';

import { Controller, Get, Module, Param } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import {
  AiCacheService,
  CacheInfraModule,
  CacheRegistry,
  HttpCache,
  HttpCacheInterceptor,
} from 'nestjs-cache-infra';

import { load } from './load.mjs';

const { products, questions, ttl, verify, verifyPerMinute } = load;
const paceMs = 5;

/** Each process owns its prices: its last write is what a response must show. */
class PricesController {
  versions = Array.from({ length: products }, () => 1);

  read(id) {
    return { id: Number(id), version: this.versions[Number(id)] };
  }
}
const method = Object.getOwnPropertyDescriptor(PricesController.prototype, 'read');
const tagOf = (id) => `price ${id}`;
const tags = (context) => [tagOf(context.switchToHttp().getRequest().params.id)];
Controller('prices')(PricesController);
Param('id')(PricesController.prototype, 'read', 0);
Get(':id')(PricesController.prototype, 'read', method);
HttpCache({ ttl, tags })(PricesController.prototype, 'read', method);

const answerTo = (question) => `The answer to ${question}.`;

const { randomOf } = await import('../faults/workload.ts');

export class Service {
  #app;
  #cache;
  #ai;
  #prices;
  #agent = new Agent({ keepAlive: false });
  #running;
  #stopping = false;
  #report = { http: 0, httpStale: 0, ai: 0, aiWrong: 0, failed: 0, errors: [] };

  async open(options) {
    class ServiceModule {}
    Module({
      imports: [
        CacheInfraModule.forRoot({ ...options, verify, verifyPerMinute }),
        CacheInfraModule.forAi(options),
      ],
      controllers: [PricesController],
      providers: [{ provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }],
    })(ServiceModule);
    this.#app = await NestFactory.create(ServiceModule, { logger: false });
    await this.#app.listen(0, '127.0.0.1');
    this.#cache = this.#app.get(CacheRegistry).get();
    this.#ai = this.#app.get(AiCacheService);
    this.#prices = this.#app.get(PricesController);
  }

  start() {
    this.#stopping = false;
    this.#running = Promise.all([this.#lane(0), this.#lane(1)]);
  }

  async stop() {
    this.#stopping = true;
    await this.#running;
  }

  report() {
    return { ...this.#report, truth: this.#cache?.stats().truth ?? this.#report.truth };
  }

  async close() {
    if (this.#app === undefined) return;
    this.#report.truth = this.#cache.stats().truth;
    const app = this.#app;
    this.#app = undefined;
    this.#cache = undefined;
    await app.close();
  }

  /** A lane is the only writer of its prices, one call at a time: what a response must show is certain. */
  async #lane(lane) {
    const random = randomOf(process.pid * 10 + lane);
    while (!this.#stopping) {
      const id = Math.floor(random() * (products / 2)) * 2 + lane;
      const question = `question ${Math.floor(random() * questions)}`;
      const dice = random();
      const work =
        dice < 0.3
          ? () => this.#read(id)
          : dice < 0.6
            ? () => this.#fact(id)
            : dice < 0.9
              ? () => this.#ask(question)
              : () => this.#write(id);
      try {
        await work();
      } catch (error) {
        this.#report.failed++;
        if (this.#report.errors.length < 10) this.#report.errors.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
  }

  async #read(id) {
    const { status, body } = await this.#fetch(`/prices/${id}`);
    this.#report.http++;
    if (status !== 200) throw new Error(`GET /prices/${id} answered ${status}`);
    const { version } = JSON.parse(body);
    if (version !== this.#prices.versions[id]) this.#report.httpStale++;
  }

  async #write(id) {
    this.#prices.versions[id]++;
    await this.#cache.invalidateTags(tagOf(id));
    await this.#read(id);
  }

  async #fact(id) {
    const read = () => ({ id, version: this.#prices.versions[id] });
    // The process is part of the key: its prices are its own.
    await this.#cache.getOrSet(`fact:${process.pid}:${id}`, read, { ttl, tags: [tagOf(id)] });
  }

  async #ask(question) {
    const request = { model: 'small', question };
    const { value } = await this.#ai.run('soak', request, async () => ({ value: answerTo(question) }));
    this.#report.ai++;
    if (value !== answerTo(question)) this.#report.aiWrong++;
  }

  #fetch(path) {
    const { port } = this.#app.getHttpServer().address();
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, agent: this.#agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode, body }));
      }).on('error', reject);
    });
  }
}
