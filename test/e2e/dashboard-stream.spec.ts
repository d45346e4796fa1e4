import { randomUUID } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';

import { describe, expect, it } from '@jest/globals';
import { Cache, type RedisCache } from 'nestjs-cache-infra';

import type { DashboardState } from '../../libs/cache-infra/src/dashboard/state.js';
import { armed } from '../support/armed.js';
import { dashboardApps, type DashboardApp } from '../support/dashboard-app.js';
import { adapters } from '../support/http-cache-app.js';
import { ownRedisServer, testRedisUrl } from '../support/redis.js';
import { until } from '../support/until.js';

const boot = dashboardApps();

interface Events {
  readonly states: readonly DashboardState[];
  readonly isEnded: () => boolean;
  leave(): void;
}

function eventsOf({ port }: DashboardApp): Promise<Events> {
  return new Promise((resolve, reject) => {
    let text = '';
    let isEnded = false;
    const states: DashboardState[] = [];
    const sent = httpRequest({ port, path: '/cache/api/events' }, (message: IncomingMessage) => {
      message.on('data', (chunk: Buffer) => {
        const parts = (text + chunk.toString()).split('\n\n');
        text = parts.pop() ?? '';
        for (const part of parts)
          if (part.startsWith('data: ')) states.push(JSON.parse(part.slice(6)) as DashboardState);
      });
      message.on('close', () => (isEnded = true));
      resolve({ states, isEnded: () => isEnded, leave: () => sent.destroy() });
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe.each(adapters)('the live state on %s', (adapter) => {
  it('moves with the cache, and ends when the application closes', async () => {
    const running = await boot({ adapter });
    const events = await eventsOf(running);
    await until(() => events.states.length > 0, 'a first state');
    await running.app.get(Cache).get('nothing');
    await until(() => events.states.at(-1)?.summary.caches[0]?.stats.misses === 1, 'the miss to show');

    // Without an end of the streams, this would wait for the clients.
    await running.app.close();
    await until(events.isEnded, 'the stream to end');
  });

  it('shows the other instances, their sum, and an invalidation by one of them', async () => {
    const cache = {
      redisUrl: testRedisUrl(),
      keyPrefix: `test-${randomUUID()}`,
      fleet: { every: '1s' },
    } as const;
    const dashboard = { readOnly: false };
    const [one, other] = [
      await boot({ adapter, cache, dashboard }),
      await boot({ adapter, cache, dashboard }),
    ];
    const caches = [one, other].map(({ app }) => app.get<RedisCache>(Cache));
    await Promise.all(caches.map((each) => armed(each)));
    for (const each of caches) await each.get('nothing');

    const events = await eventsOf(one);
    await until(() => events.states.at(-1)?.summary.caches[0]?.stats.misses === 2, 'both misses');
    const state = events.states.at(-1);
    expect(state?.shown).toBeNull();
    expect(state?.instances).toHaveLength(2);
    events.leave();

    await caches[0]?.set('key', 1);
    expect(await caches[1]?.get('key')).toBe(1);
    await one.act('/api/invalidate', { kind: 'key', cache: 'default', key: 'key' });
    await until(async () => (await caches[1]?.get('key')) === undefined, 'the other L1 to hear of it');
  });
});

describe('a Redis that stops', () => {
  it('shows within three seconds, and so does its recovery', async () => {
    await using server = await ownRedisServer();
    const cache = { redisUrl: server.url, commandTimeout: '500ms' } as const;
    const running = await boot({ adapter: 'Express', cache });
    await running.app.get<RedisCache>(Cache).connect();
    const events = await eventsOf(running);
    const redis = (): string | undefined => events.states.at(-1)?.summary.caches[0]?.health.tiers.l2?.status;
    await until(() => redis() === 'ready', 'Redis to be ready');

    await server.stop();
    await until(() => redis() === 'away', 'the outage to show', 3000);
    expect(events.states.at(-1)?.instances[0]?.status).toBe('degraded');

    await server.start();
    await until(() => redis() === 'ready', 'the recovery to show', 15_000);
  }, 30_000);
});
