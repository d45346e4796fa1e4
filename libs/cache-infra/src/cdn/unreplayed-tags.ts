import type { Cache } from '../cache/contract/cache.js';

/** Milliseconds between two looks at the journal. */
const lookEveryMs = 1000;

export interface UnreplayedTagsDeps {
  readonly cache: Pick<Cache, 'stats'>;
  /** Most tags to remember. */
  readonly most: number;
  /** Stands for all tags if there are more. */
  readonly tagOfAll: string;
  readonly purgeAgain: (tags: readonly string[]) => void;
}

/**
 * Tags whose invalidation may not have reached Redis. Until the cache has replayed its journal, other instances serve
 * the older responses, also to the CDN after its purge: these tags are purged again then.
 */
export class UnreplayedTags {
  readonly #deps: UnreplayedTagsDeps;
  #tags = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: UnreplayedTagsDeps) {
    this.#deps = deps;
  }

  /** Called after an invalidation of these tags. */
  add(tags: readonly string[]): void {
    if (this.#isReplayed) return;
    for (const tag of tags) this.#tags.add(tag);
    if (this.#tags.size > this.#deps.most) this.#tags = new Set([this.#deps.tagOfAll]);
    this.#timer ??= setInterval(() => {
      this.#look();
    }, lookEveryMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get #isReplayed(): boolean {
    return this.#deps.cache.stats().journal.size === 0;
  }

  #look(): void {
    if (!this.#isReplayed) return;
    this.stop();
    const tags = [...this.#tags];
    this.#tags.clear();
    this.#deps.purgeAgain(tags);
  }
}
