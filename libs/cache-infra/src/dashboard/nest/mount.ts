import type { IncomingMessage, ServerResponse } from 'node:http';

import type { MiddlewareConsumer } from '@nestjs/common';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';

import type { DashboardHandler } from '../dashboard-handler.js';

/** What Express adds to the request of Node. */
interface ExpressRequest extends IncomingMessage {
  readonly baseUrl: string;
  readonly originalUrl: string;
  readonly body?: unknown;
  readonly ip?: string;
}

interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly body?: unknown;
  readonly ip: string;
}

interface FastifyReply {
  readonly raw: ServerResponse;
  readonly sent: boolean;
  hijack(): unknown;
}

/** The part of a Fastify instance that is used here. */
interface FastifyInstance {
  route(options: {
    readonly method: readonly string[];
    readonly url: string;
    readonly schema: { readonly hide: boolean };
    readonly handler: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
  }): unknown;
}

/**
 * Puts the dashboard below `route` and the global prefix.
 *
 * On Express it is a middleware of its module, which runs after the parsers and middleware of the application and
 * before its routes: no global guard, interceptor, pipe or filter sees its requests. On Fastify it is a route of
 * Fastify, so that hooks and plug-ins (sessions, cookies) run before its guard.
 */
export function mountDashboard(
  handler: DashboardHandler,
  route: string,
  consumer: MiddlewareConsumer,
  { adapter, config }: { readonly adapter: AbstractHttpAdapter; readonly config: ApplicationConfig },
): void {
  if (adapter.getType() === 'fastify') {
    onFastify(handler, prefixOf(config, route) + route, adapter.getInstance<FastifyInstance>());
    return;
  }
  consumer
    .apply((request: ExpressRequest, response: ServerResponse) => {
      const { baseUrl, originalUrl, body, ip } = request;
      const platform = { request, response, isAnswered: never, take: nothing };
      const target = originalUrl.slice(baseUrl.length);
      void handler.handle({ request, response, mount: baseUrl, target, body, ip, platform });
    })
    .forRoutes(route);
}

function onFastify(handler: DashboardHandler, mount: string, fastify: FastifyInstance): void {
  for (const url of [mount, `${mount}/*`]) {
    fastify.route({
      method: ['GET', 'POST'],
      url,
      schema: { hide: true },
      handler: async (request, reply) => {
        const platform = {
          request,
          response: reply,
          isAnswered: () => reply.sent,
          take: () => void reply.hijack(),
        };
        const target = (request.raw.url ?? '').slice(mount.length);
        const { body, ip } = request;
        await handler.handle({
          ...{ request: request.raw, response: reply.raw, mount, target, body, ip, platform },
        });
        return reply;
      },
    });
  }
}

/** `/api` with the global prefix `api`; `''` if the route is excluded from it. */
function prefixOf(config: ApplicationConfig, route: string): string {
  const { exclude = [] } = config.getGlobalPrefixOptions();
  const prefix = config.getGlobalPrefix().replace(/^\/|\/$/g, '');
  return prefix === '' || exclude.some(({ pathRegex }) => pathRegex.test(route)) ? '' : `/${prefix}`;
}

/** Express tells by `headersSent`. */
function never(): boolean {
  return false;
}

function nothing(): void {
  // Express answers nothing unless `next` is called.
}
