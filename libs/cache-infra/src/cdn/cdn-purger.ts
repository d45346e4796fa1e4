import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';

import { systemClock } from '../base/clock.js';
import { ValidationError } from '../base/errors.js';
import type { Cache } from '../cache/contract/cache.js';
import type { CacheEvents } from '../cache/contract/events.js';
import { HttpCaches, responseNamespace } from '../nestjs/http/adapter/http-caches.js';
import { edgeTag, tagOfAll, tagOfMany } from '../nestjs/http/rules/edge-tag.js';
import type { CdnSettings } from './cdn-options.js';
import { PurgeQueue, type PurgeNews, type PurgeState } from './purge-queue.js';
import { UnreplayedTags } from './unreplayed-tags.js';

/** The token of the {@link CdnSettings} of an application. */
export const cdnSettingsToken = Symbol('nestjs-cache-infra.cdnSettings');

type Invalidation = CacheEvents['invalidate'];

/**
 * Purges the CDN after each invalidation of tags, and each `clear()`, that the caches of HTTP responses have carried
 * out. Invalidations by other instances are purged by these.
 *
 * While Redis is unavailable, other instances may still serve the older response: the tags are purged again when the
 * cache has replayed its journal.
 */
@Injectable()
export class CdnPurger implements OnModuleInit, OnApplicationShutdown {
  readonly #settings: CdnSettings;
  readonly #caches: HttpCaches | undefined;
  readonly #queue: PurgeQueue | undefined;
  readonly #unreplayed: UnreplayedTags[] = [];
  readonly #logger = new Logger('CacheInfra');

  constructor(@Inject(cdnSettingsToken) settings: CdnSettings, @Optional() caches?: HttpCaches) {
    this.#settings = settings;
    this.#caches = caches;
    const { purge: cdn, limits, edgeTags } = settings;
    if (cdn === undefined) return;
    this.#queue = new PurgeQueue({
      ...{ cdn, limits, tagOfAll: tagOfAll(edgeTags.prefix), now: () => systemClock.now() },
      tell: (news) => {
        this.#log(news);
      },
    });
  }

  /** @throws ValidationError in an application without a cache of HTTP responses */
  onModuleInit(): void {
    if (this.#caches === undefined)
      throw new ValidationError('the application needs CacheInfraModule.forRoot(), too', 'CdnModule');
    if (this.#queue === undefined) return;
    for (const cache of this.#caches.all()) this.#listenTo(cache, this.#queue);
  }

  #listenTo(cache: Cache, queue: PurgeQueue): void {
    const { limits, edgeTags } = this.#settings;
    const unreplayed = new UnreplayedTags({
      ...{ cache, most: limits.maxWaiting, tagOfAll: tagOfAll(edgeTags.prefix) },
      purgeAgain: (tags) => {
        queue.add(tags);
      },
    });
    this.#unreplayed.push(unreplayed);
    cache.on('invalidate', (event) => {
      const tags = this.#purged(event);
      if (tags.length === 0) return;
      queue.add(tags);
      unreplayed.add(tags);
    });
  }

  /** The purges that wait. Undefined if `purge` is not configured. */
  state(): PurgeState | undefined {
    return this.#queue?.state();
  }

  /** Nest calls this hook after the HTTP server has finished its last request. */
  async onApplicationShutdown(): Promise<void> {
    for (const each of this.#unreplayed.splice(0)) each.stop();
    const left = await this.#queue?.drain(this.#settings.shutdownTimeoutMs);
    if (left === undefined || left === 0) return;
    this.#logger.error(`CDN: the application ended with ${String(left)} tags that were not purged`);
  }

  /** The edge tags to purge after an invalidation; none if it does not cover the responses. */
  #purged({ kind, detail, namespace }: Invalidation): readonly string[] {
    const { prefix } = this.#settings.edgeTags;
    // A cache of another library may not say which namespace.
    const covers = [undefined, '', responseNamespace].includes(namespace);
    if (!covers || kind === 'pattern') return [];
    if (kind === 'clear') return [tagOfAll(prefix)];
    return [...detail.map((tag) => edgeTag(tag, prefix)), tagOfMany(prefix)];
  }

  #log(news: PurgeNews): void {
    switch (news.kind) {
      case 'failing':
        this.#logger.warn(`CDN: purges fail and are retried: ${news.reason}`);
        return;
      case 'working':
        this.#logger.log('CDN: purges work again');
        return;
      case 'given-up':
        this.#logger.error(
          `CDN: gave up ${String(news.count)} tags after maxAge: their responses stay until they expire`,
        );
        return;
      case 'widened':
        this.#logger.warn(
          `CDN: ${String(news.count)} tags waited, more than maxWaiting: every response is purged instead`,
        );
    }
  }
}
