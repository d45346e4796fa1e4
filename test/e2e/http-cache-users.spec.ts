import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { HttpCache } from 'nestjs-cache-infra';

import { handling, matrix, Origin, siteOf, type AppRequest, type Reply } from '../support/http-cache-app.js';
import { elapse } from '../support/time.js';

const users = 50;
const requests = 1000;
const pages = 3;

@Controller()
class PagesController {
  constructor(private readonly origin: Origin) {}

  @Get('pages/:id')
  @HttpCache({ ttl: '1m', staleWhileRevalidate: '1m', staleIfError: '1m' })
  async page(
    @Param('id') id: string,
    @Req() request: AppRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    return { id, user: await this.origin.answer(request, reply) };
  }

  /** Says itself that it is fresh, and not that it is for all. */
  @Get('silent/:id')
  async silent(
    @Param('id') id: string,
    @Req() request: AppRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    reply.header('Cache-Control', 'max-age=60');
    return { id, user: await this.origin.answer(request, reply) };
  }
}

/** The same numbers every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const known = ['Authorization', 'Cookie', 'X-Api-Key'] as const;

/** Users are known by one of these. The last number is nobody. */
function headersOf(user: number): Record<string, string> {
  if (user === users) return {};
  return { [known[user % known.length] as string]: `user-${String(user)}` };
}

describe.each(matrix)(
  '1,000 interleaved requests of 50 users on %s with %s (guarantee 16)',
  (adapter, tier) => {
    const site = siteOf({ adapter, tier, controllers: [PagesController] });

    it('leak nothing', async () => {
      const next = random(7);
      site.origin.script = async ({ headers }, reply) => {
        if (next() < 0.3) reply.header('Vary', 'Accept-Language');
        await elapse(next() * 4);
        return (
          known.map((name) => headers[name.toLowerCase()]).find((user) => user !== undefined) ?? 'nobody'
        );
      };
      const leaks: string[] = [];
      let hits = 0;
      let sent = 0;
      const client = async (): Promise<void> => {
        while (sent < requests) {
          sent += 1;
          const headers = headersOf(Math.floor(next() * (users + 1)));
          const [user = 'nobody'] = Object.values(headers);
          if (next() < 0.5) headers['Accept-Language'] = next() < 0.5 ? 'de' : 'fr';
          if (next() < 0.01) site.clock.advance(61_000);
          const path = next() < 0.7 ? 'pages' : 'silent';
          const response = await site.get(`/${path}/${String(Math.floor(next() * pages))}`, headers);
          const body = (await response.json()) as { user: string };
          if (body.user !== user) leaks.push(`${user} got what is for ${body.user}`);
          if (/; (hit|collapsed)/.test(handling(response))) hits += 1;
        }
      };

      await Promise.all(Array.from({ length: 25 }, client));

      expect(leaks).toEqual([]);
      // Otherwise nothing was shown.
      expect(hits).toBeGreaterThan(100);
    }, 60_000);
  },
);
