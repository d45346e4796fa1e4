import { beforeAll, describe, expect, it } from '@jest/globals';

import { matrix, OriginController, siteOf, type Reply } from '../support/http-cache-app.js';
import { scenarios, type Field, type Step } from './http-cache-scenarios.js';

const dates: readonly string[] = ['Date', 'Expires', 'Last-Modified'];

describe.each(matrix)('the scenarios of cache-tests.fyi on %s with %s (guarantee 17)', (adapter, tier) => {
  // No `@HttpCache()`: what is stored is what RFC 9111 lets be stored.
  const site = siteOf({ adapter, tier, controllers: [OriginController] });
  beforeAll(async () => {
    site.origin.script = (_request, reply) => {
      reply.header('Cache-Control', 'max-age=60');
    };
    // Teaches that the handler makes responses with a freshness of their own.
    await site.get('/origin/first');
  });

  describe.each(Object.entries(scenarios))('%s', (_group, rows) => {
    it.each(rows.map(({ id, steps }) => [id, steps] as const))('%s', async (id, steps) => {
      for (const step of steps) await take(id, step);
    });
  });

  async function take(id: string, step: Step): Promise<void> {
    const {
      method = 'GET',
      request,
      query,
      pause = 0,
      expected,
      expectedStatus,
      expectedFields = {},
      expectedAge,
      lacks,
    } = step;
    site.clock.advance(pause * 1000);
    site.origin.script = (_request, reply) => {
      site.runs += 1;
      reply.header('X-Run', String(site.runs));
      answer(reply, step);
      return step.status === 204 ? undefined : `run ${String(site.runs)}`;
    };
    const before = site.runs;

    const response = await site.get(
      `/origin/${id}${query === undefined ? '' : `?${query}`}`,
      request,
      method,
    );

    if (expected !== undefined)
      expect(Number(response.headers.get('x-run')) > before ? 'not cached' : 'cached').toBe(expected);
    if (expectedStatus !== undefined) expect(response.status).toBe(expectedStatus);
    for (const [name, value] of Object.entries(expectedFields)) {
      expect([name, response.headers.get(name)]).toEqual([name, value]);
    }
    if (lacks !== undefined) expect(response.headers.get(lacks[0])).not.toBe(lacks[1]);
    if (expectedAge !== undefined)
      expect(Number(response.headers.get('age'))).toBeGreaterThanOrEqual(expectedAge);
  }

  function answer(reply: Reply, { status = 200, response = [] }: Step): void {
    reply.status(status);
    for (const field of response) reply.header(field[0], valueOf(field));
  }

  function valueOf([name, value]: Field): string | readonly string[] {
    if (typeof value !== 'number') return value;
    return dates.includes(name) ? new Date(site.clock.now() + value * 1000).toUTCString() : String(value);
  }
});
