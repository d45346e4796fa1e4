import type { RedisTier } from '../tiers/redis-tier.js';
import { TagTable } from './tag-table.js';

/** What an answer from Redis said. */
export interface Learned {
  /** The table was made with this call: until now no tag had been invalidated. */
  readonly made: boolean;
  /** The epoch that the answer reached up to. */
  readonly latest: number;
}

/**
 * Keeps this process's tag table in step with the one in Redis. While the invalidation channel tells of changes to that one,
 * reads need not ask; without it they ask along with the value, in the same round trip.
 */
export class TagKeeper {
  readonly table: TagTable;
  readonly #l2: RedisTier | undefined;
  /** This process has met an entry with tags. */
  #met = false;
  #learned = false;
  /** Nothing has changed in Redis since it was last asked, and a change would be heard of. */
  #fresh = false;
  /** The channel has spoken; answers that were under way then may be from before. */
  #changes = 0;
  #channelOpen = false;

  constructor(l2: RedisTier | undefined, maxTags: number) {
    this.table = new TagTable(maxTags);
    this.#l2 = l2;
  }

  /** An entry with tags in this process may be out of date, until `learn` has been awaited. */
  get stale(): boolean {
    return this.#channelOpen && this.#met && !this.#fresh;
  }

  /** This process has tags to look after. */
  meet(): void {
    this.#met = true;
  }

  /** Asks Redis along with a read, if an entry with tags may come back; `undefined` when there is no need. */
  newsForRead(): Promise<unknown> | undefined {
    return this.#l2 !== undefined && this.#met && !this.#fresh ? this.learn() : undefined;
  }

  /** Asks Redis before a load, whose value may turn out to have tags. */
  newsForLoad(hasTags: boolean): Promise<unknown> | undefined {
    if (this.#l2 === undefined) return undefined;
    if (hasTags) this.#met = true;
    if (!hasTags && this.#learned && !this.#met) return undefined;
    return this.#fresh ? undefined : this.learn(hasTags);
  }

  /** What happened to tags elsewhere; `invalidated` tags are invalidated along the way. */
  async learn(make = false, invalidated: readonly string[] = []): Promise<Learned> {
    if (this.#l2 === undefined) return { made: false, latest: this.table.latest };
    const changes = this.#changes;
    const news = await this.#l2.tagNews(this.table.latest, make, invalidated);
    this.table.raiseFloor(news.floor);
    for (const [tag, epoch] of news.invalidated) this.table.record(tag, epoch);
    this.table.advance(news.latest);
    this.#learned = true;
    this.#fresh = this.#channelOpen && changes === this.#changes && news.latest > 0;
    // Of this very answer: later ones may have come in before whoever waits for this one goes on.
    return { made: news.made, latest: news.latest };
  }

  /**
   * Learns what a value made at `epoch` has to be measured by. A table that does not reach up to it has been lost: then a new
   * one is made, with a floor above the value.
   */
  async learnFor(epoch: number, news: Promise<unknown> | undefined): Promise<void> {
    await (news ?? this.newsForRead());
    if (epoch > this.table.latest) await this.learn();
    if (epoch <= this.table.latest) return;
    this.table.advance(epoch);
    await this.learn(true);
  }

  /** Somebody else changed the table in Redis. */
  onChange(): void {
    this.#changes++;
    this.#fresh = false;
    // No entry with tags counts as checked any more.
    this.table.touch();
  }

  onChannel(open: boolean): void {
    this.#channelOpen = open;
    this.onChange();
  }
}
