import type { RemoteTagTable, TagNews, TagQuestion } from '../remote-tier.js';
import { databaseOf } from './client.js';
import type { RedisConnection } from './connection.js';
import type { RedisExecutor } from './executor.js';
import { tagTableScript } from './scripts.js';
import { tagChannel } from './tag-channel.js';

export interface TagTableOptions {
  readonly tagTableKey: string;
  readonly maxTags: number;
}

/** Calls of the script that owns the tag table. */
export class TagTableCalls implements RemoteTagTable {
  readonly #executor: RedisExecutor;
  readonly #options: TagTableOptions;
  readonly #channel: string;

  constructor({ client, clientPrefix }: RedisConnection, executor: RedisExecutor, options: TagTableOptions) {
    this.#executor = executor;
    this.#options = options;
    this.#channel = tagChannel(clientPrefix + options.tagTableKey, databaseOf(client));
  }

  news(question: TagQuestion, { make }: { make: boolean }): Promise<TagNews> {
    // A full table takes two pages.
    return this.#call(question, make, Math.ceil(this.#options.maxTags / 2) + 1, []);
  }

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
