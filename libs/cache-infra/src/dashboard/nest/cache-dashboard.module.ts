import {
  ConfigurableModuleBuilder,
  Inject,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef } from '@nestjs/core';

import { ValidationError } from '../../base/errors.js';
import { describeValue, withoutCredentials } from '../../base/redact.js';
import { inProduction } from '../../config/in-production.js';
import { FleetPublication } from '../../nestjs/module/fleet-publication.js';
import { registryOf } from '../../nestjs/registry/cache-registry.js';
import { provider } from '../../nestjs/registry/provided.js';
import type { AccessRule } from '../access/access.js';
import { basicAuthRule } from '../access/basic-auth.js';
import { closed, localOnly } from '../access/local-only.js';
import { ApplicationSource } from '../application/application-source.js';
import { createDashboardHandler, type DashboardHandler } from '../dashboard-handler.js';
import { auditLine } from './audit-line.js';
import {
  assertDashboardOptions,
  frameAncestorsOf,
  normalizedRoute,
  type CacheDashboardOptions,
} from './dashboard-options.js';
import { both, guardRule, readyGuard } from './guard-rule.js';
import { mountDashboard } from './mount.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<CacheDashboardOptions>({ moduleName: 'CacheDashboard' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createCacheDashboardOptions')
    .build();

/**
 * A page that shows the caches of the application, live, on Express and Fastify.
 *
 * ```ts
 * imports: [CacheInfraModule.forRoot(), CacheDashboardModule.forRoot({ route: '/cache' })]
 * ```
 *
 * Without `guard` and `basicAuth` it answers requests from this machine, and refuses all requests in production. It is
 * read-only unless `readOnly` is false.
 *
 * @throws ValidationError at the start of the application for invalid options, and without `CacheInfraModule`
 */
@Module({})
export class CacheDashboardModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, BeforeApplicationShutdown
{
  readonly #logger = new Logger('CacheDashboard');
  #handler: DashboardHandler | undefined;
  #access: AccessRule = closed;

  constructor(
    @Inject(MODULE_OPTIONS_TOKEN) private readonly options: CacheDashboardOptions,
    private readonly moduleRef: ModuleRef,
    private readonly config: ApplicationConfig,
    private readonly host: HttpAdapterHost,
  ) {
    super();
    assertDashboardOptions(options);
  }

  static override forRoot(options: CacheDashboardOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  configure(consumer: MiddlewareConsumer): void {
    const handler = this.#createHandler();
    this.#handler = handler;
    const { httpAdapter: adapter } = this.host;
    mountDashboard(handler, normalizedRoute(this.options.route), consumer, { adapter, config: this.config });
  }

  async onModuleInit(): Promise<void> {
    this.#access = await this.#accessRule();
  }

  /** Open streams would keep the HTTP server from closing. */
  beforeApplicationShutdown(): void {
    this.#handler?.close();
  }

  #createHandler(): DashboardHandler {
    const registry = registryOf(this.moduleRef);
    const publication = provider(this.moduleRef, FleetPublication);
    if (registry === undefined || publication === undefined) {
      const message =
        'CacheDashboardModule needs CacheInfraModule.forRoot() or forAi() in the same application';
      throw new ValidationError([{ path: 'imports', message }], 'CacheDashboardModule');
    }
    const caches = () => registry.names().map((name) => registry.get(name));
    const { readOnly, showValues, tokenSecret, frameAncestors } = this.options;
    return createDashboardHandler(new ApplicationSource(publication, caches), {
      // Requests may come before the guard is ready: the rule is read for each of them.
      access: (exchange) => this.#access(exchange),
      ...{ readOnly, showValues, tokenSecret },
      frameAncestors: frameAncestorsOf(frameAncestors),
      onInvalidated: (audit) => {
        this.#logger.log(auditLine(audit));
      },
      onError: (error) => {
        this.#logger.error(`a request failed: ${messageOf(error)}`);
      },
    });
  }

  async #accessRule(): Promise<AccessRule> {
    const { guard, basicAuth } = this.options;
    const byPassword = basicAuth && basicAuthRule(basicAuth);
    const byGuard = guard && guardRule(await readyGuard(guard, this.moduleRef), CacheDashboardModule);
    if (byPassword !== undefined && byGuard !== undefined) return both(byPassword, byGuard);
    const given = byPassword ?? byGuard;
    if (given !== undefined) return given;
    if (!inProduction()) return localOnly;
    this.#logger.warn(
      'the dashboard refuses every request: in production (NODE_ENV) it needs guard or basicAuth of ' +
        'CacheDashboardModule.forRoot()',
    );
    return closed;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? withoutCredentials(error.stack ?? error.message) : describeValue(error);
}
