import { ValidationError } from '../../base/errors.js';
import {
  assertDashboardOptions,
  frameAncestorsOf,
  normalizedRoute,
  type CacheDashboardOptions,
} from './dashboard-options.js';

class Guard {
  canActivate(): boolean {
    return true;
  }
}

function messageFor(options: unknown): string {
  try {
    assertDashboardOptions(options);
  } catch (error) {
    if (error instanceof ValidationError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the options of the dashboard', () => {
  const valid: CacheDashboardOptions[] = [
    {},
    { route: 'admin/cache/', guard: Guard, readOnly: false, showValues: true },
    { guard: new Guard(), basicAuth: { user: 'ops', password: 'a:b' }, tokenSecret: 'x'.repeat(16) },
    { guard: () => true, frameAncestors: ['self', 'https://admin.example.com:8443', 'http://localhost'] },
  ];

  it.each(valid)('are accepted: %j', (options) => {
    expect(messageFor(options)).toBe('accepted');
  });

  it.each<[option: string, value: unknown, message: string]>([
    ['route', '/a b', "must be a path of plain segments, such as '/cache' or '/admin/cache'"],
    ['route', '/../x', 'must be a path of plain segments'],
    ['route', 7, 'must be a path of plain segments'],
    ['guard', {}, 'must be a guard of Nest (class or instance), or a function of the request'],
    ['guard', { canActivate: true }, 'must be a guard of Nest'],
    ['guard', null, 'must be a guard of Nest'],
    ['basicAuth', 'ops:secret', 'must be { user, password }'],
    ['basicAuth', { user: 'a:b', password: 'secret' }, "basicAuth.user must not contain ':'"],
    ['basicAuth', { user: '', password: 'secret' }, 'basicAuth.user'],
    ['basicAuth', { user: 'ops' }, 'basicAuth.password'],
    ['readOnly', 'yes', 'readOnly'],
    ['frameAncestors', ['https://a.example/path'], "must be a list of 'self' and origins"],
    ['frameAncestors', '*', "must be a list of 'self' and origins"],
    ['tokenSecret', 'short secret', 'tokenSecret must be a text of at least 16 characters'],
    ['rout', '/cache', 'rout'],
  ])('%s: %j is refused, by name', (option, value, message) => {
    const told = messageFor({ [option]: value });
    expect(told).toContain('CacheDashboardModule');
    expect(told).toContain(message);
    expect(told).not.toMatch(/ops:secret|short secret/);
  });

  it('routes are written in one way', () => {
    expect([undefined, 'admin/cache', '/admin/cache/'].map(normalizedRoute)).toEqual([
      '/cache',
      '/admin/cache',
      '/admin/cache',
    ]);
  });

  it('frame ancestors are written in the words of CSP', () => {
    expect(frameAncestorsOf()).toBe("'none'");
    expect(frameAncestorsOf(['self', 'https://a.example'])).toBe("'self' https://a.example");
  });
});
