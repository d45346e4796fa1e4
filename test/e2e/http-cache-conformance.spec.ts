import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Cache } from 'nestjs-cache-infra';

import { bootApp, matrix, OriginController, type Reply, type TestApp } from '../support/http-cache-app.js';
import { scenarios, type Field, type Step } from './http-cache-scenarios.js';

const dates: readonly string[] = ['Date', 'Expires', 'Last-Modified'];

describe.each(matrix)(
  'the scenarios of cache-tests.fyi on %s with %s (issue: shown by 4)',
  (adapter, tier) => {
    let test: TestApp;
    let runs: number;
    beforeAll(async () => {
      // No `@HttpCache()`: what is stored is what RFC 9111 lets be stored.
      test = await bootApp({ adapter, tier, controllers: [OriginController] });
      test.origin.script = (_request, reply) => {
        reply.header('Cache-Control', 'max-age=60');
      };
      // Teaches that the handler makes responses with a freshness of their own.
      await test.fetch('/origin/first');
    });
    afterAll(() => test.close());
    beforeEach(async () => {
      runs = 0;
      await test.app.get(Cache).clear();
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
      test.clock.advance(pause * 1000);
      test.origin.script = (_request, reply) => {
        runs += 1;
        reply.header('X-Run', String(runs));
        answer(reply, step);
        return step.status === 204 ? undefined : `run ${String(runs)}`;
      };
      const before = runs;

      const response = await test.fetch(
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
      return dates.includes(name) ? new Date(test.clock.now() + value * 1000).toUTCString() : String(value);
    }
  },
);
