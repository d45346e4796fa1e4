import { describe, expect, it } from '@jest/globals';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { of } from 'rxjs';

import { dashboardApps, type AskOptions, type DashboardApp } from '../support/dashboard-app.js';
import { adapters } from '../support/http-cache-app.js';

const boot = dashboardApps();
const target = { kind: 'key', cache: 'default', key: 'a' };

/** Every endpoint, as the page asks for it. */
const endpoints: readonly (readonly [path: string, options?: AskOptions])[] = [
  ['/cache'],
  ['/cache/'],
  ['/cache/index.html'],
  ['/cache/assets/app.js'],
  ['/cache/nothing'],
  ['/cache/api/state'],
  ['/cache/api/events'],
  ['/cache/api/key?cache=default&key=a'],
  ...['/cache/api/preview', '/cache/api/invalidate'].map((path): [string, AskOptions] => [
    path,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify(target),
    },
  ]),
];

/** The statuses of all endpoints, each once. */
async function statuses(
  { ask }: DashboardApp,
  headers: Readonly<Record<string, string>> = {},
): Promise<number[]> {
  const found = new Set<number>();
  for (const [path, options = {}] of endpoints)
    found.add((await ask(path, { ...options, headers: { ...options.headers, ...headers } })).status);
  return [...found];
}

async function inProduction<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    return await work();
  } finally {
    process.env['NODE_ENV'] = before;
  }
}

@Injectable()
class Users {
  readonly names = new Map([['t0k3n', 'anna']]);
}

/** Asks a provider of the application, and attaches the user. */
@Injectable()
class TokenGuard implements CanActivate {
  constructor(private readonly users: Users) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context
      .switchToHttp()
      .getRequest<{ headers: Record<string, string | undefined>; user?: object }>();
    const name = this.users.names.get(request.headers['x-token'] ?? '');
    if (name !== undefined) request.user = { username: name };
    return name !== undefined && context.getType() === 'http';
  }
}

describe.each(adapters)('access to the dashboard on %s', (adapter) => {
  it.each<[string, Record<string, string>]>([
    ['through a proxy', { 'x-forwarded-for': '127.0.0.1' }],
    ['for another host', { host: 'evil.com' }],
  ])('without guard is refused %s, at every endpoint', async (_, headers) => {
    expect(await statuses(await boot({ adapter, dashboard: { readOnly: false } }), headers)).toEqual([403]);
  });

  it('without guard is refused to everybody in production, and the log says so', async () => {
    const running = await inProduction(() => boot({ adapter, dashboard: { readOnly: false } }));
    expect(await statuses(running)).toEqual([403]);
    expect((await running.ask('/cache/')).text).toContain('set guard or basicAuth');
    expect(running.log.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringContaining('it needs guard or basicAuth'),
    ]);
  });

  it('is as the guard says in production, also from elsewhere', async () => {
    const guard = () => true;
    const running = await inProduction(() => boot({ adapter, dashboard: { guard } }));
    const headers = { 'x-forwarded-for': '10.0.0.1', host: 'shop.example.com' };
    expect((await running.ask('/cache/', { headers })).status).toBe(200);
    expect(running.log.filter((line) => line.startsWith('warn'))).toEqual([]);
  });

  it.each<[string, () => boolean | Promise<boolean>]>([
    ['false', () => false],
    ['a promise of false', () => Promise.resolve(false)],
    ['no boolean', () => 'yes' as never],
  ])('is refused at every endpoint by a function that returns %s', async (_, guard) => {
    expect(await statuses(await boot({ adapter, dashboard: { guard, readOnly: false } }))).toEqual([403]);
  });

  it('is refused at every endpoint by a guard that fails, and its error is in the log alone', async () => {
    const guard = (): boolean => {
      throw new Error('db password is 1234');
    };
    const running = await boot({ adapter, dashboard: { guard, readOnly: false } });
    expect(await statuses(running)).toEqual([403]);
    expect((await running.ask('/cache/')).text).not.toContain('1234');
    expect(running.log.some((line) => line.startsWith('error') && line.includes('1234'))).toBe(true);
  });

  it('is decided by a guard of Nest with its dependencies, whose user is in the audit', async () => {
    const running = await boot({
      adapter,
      dashboard: { guard: TokenGuard, readOnly: false },
      more: { providers: [Users, TokenGuard] },
    });
    expect(await statuses(running)).toEqual([403]);
    const headers = { 'x-token': 't0k3n' };
    expect((await running.ask('/cache/api/state', { headers })).status).toBe(200);
    expect((await running.act('/api/invalidate', target, { headers })).status).toBe(200);
    expect(running.log.find((line) => line.includes('invalidated'))).toContain('by "anna" from');
  });

  it('is decided by a guard that answers later, as an observable', async () => {
    const guard: CanActivate = {
      canActivate: (context) => of(context.getArgByIndex<{ headers: object }>(0).headers !== undefined),
    };
    expect((await (await boot({ adapter, dashboard: { guard } })).ask('/cache/')).status).toBe(200);
  });

  it('needs both, where user and guard are asked', async () => {
    const dashboard = { guard: TokenGuard, basicAuth: { user: 'ops', password: 'long-password' } };
    const running = await boot({ adapter, dashboard, more: { providers: [Users, TokenGuard] } });
    const password = { authorization: `Basic ${Buffer.from('ops:long-password').toString('base64')}` };
    const token = { 'x-token': 't0k3n' };

    expect(await statuses(running)).toEqual([401]);
    expect(await statuses(running, token)).toEqual([401]);
    expect(await statuses(running, password)).toEqual([403]);
    expect((await running.ask('/cache/', { headers: { ...password, ...token } })).status).toBe(200);
  });

  it('of a wrong user is refused at every endpoint', async () => {
    const basicAuth = { user: 'ops', password: 'long-password' };
    const running = await boot({ adapter, dashboard: { basicAuth, readOnly: false } });
    const authorization = `Basic ${Buffer.from('ops:wrong').toString('base64')}`;
    expect(await statuses(running, { authorization })).toEqual([401]);
    expect(running.log.join('\n')).not.toMatch(/wrong|long-password/);
  });
});
