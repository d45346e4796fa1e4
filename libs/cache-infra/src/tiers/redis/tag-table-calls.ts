import { databaseOf } from './client.js';
import type { RedisConnection } from './connection.js';
import type { RedisExecutor } from './executor.js';
import { tagTableScript } from './scripts.js';
import { tagChannel } from './tag-channel.js';

/** The part of the tag table that this process knows. */
export interface TagQuestion {
  /** All changes up to this epoch are known; 0 = none. */
  readonly since: number;
  /** The epoch of an entry in Redis that the table should reach; 0 = none. */
  readonly claim: number;
  /** The latest epoch that this process gave by itself, while Redis did not answer; 0 = none. */
  readonly ahead: number;
}

/** The changes of the tag table since the epoch asked about. */
export interface TagNews {
  /** 0 = there is no table: no tag was ever invalidated. */
  readonly latest: number;
  readonly floor: number;
  /** This call made the table. */
  readonly made: boolean;
  /** The table's epoch before this call. */
  readonly before: number;
  /** `invalidated` is complete up to this epoch; later changes need another call. */
  readonly upTo: number;
  readonly invalidated: readonly (readonly [tag: string, epoch: number])[];
}

export interface TagTableOptions {
  readonly tagTableKey: string;
  readonly maxTags: number;
}

/** The tag table in Redis. */
export class TagTableCalls {
  readonly #executor: RedisExecutor;
  readonly #options: TagTableOptions;
  readonly #channel: string;

  constructor({ client, clientPrefix }: RedisConnection, executor: RedisExecutor, options: TagTableOptions) {
    this.#executor = executor;
    this.#options = options;
    this.#channel = tagChannel(clientPrefix + options.tagTableKey, databaseOf(client));
  }

  /** Returns the changes of the table, as many as one script should; `make`: creates a missing table. */
  news(question: TagQuestion, make: boolean): Promise<TagNews> {
    // A full table takes two pages.
    return this.#call(question, make, Math.ceil(this.#options.maxTags / 2) + 1, []);
  }

  /** Invalidates `tags`, at an epoch later than any in the table; returns no other changes. */
  invalidate(question: TagQuestion, tags: readonly string[]): Promise<TagNews> {
    return this.#call(question, true, 0, tags);
  }

  async #call(
    { since, claim, ahead }: TagQuestion,
    make: boolean,
    page: number,
    tags: readonly string[],
  ): Promise<TagNews> {
    const { tagTableKey: key, maxTags } = this.#options;
    const args = [since, claim, ahead, maxTags, make ? '1' : '0', this.#channel, page, ...tags];
    const reply = (await this.#executor.script('tag table', tagTableScript, [key], args)) as string[];
    const [latest, floor, made, before, upTo] = reply;
    const invalidated: [string, number][] = [];
    for (let i = 5; i < reply.length; i += 2) invalidated.push([reply[i] as string, Number(reply[i + 1])]);
    return {
      latest: Number(latest),
      floor: Number(floor),
      made: made === '1',
      before: Number(before),
      upTo: Number(upTo),
      invalidated,
    };
  }
}
