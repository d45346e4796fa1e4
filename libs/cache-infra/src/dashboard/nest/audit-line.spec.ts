import { describe, expect, it } from '@jest/globals';

import { auditLine } from './audit-line.js';

const audit = { who: 'anna', ip: '::1', removed: 3, failed: false };

describe('the audit line', () => {
  it.each([
    [
      { ...audit, target: { kind: 'pattern', cache: 'shop', namespaces: ['eu'], pattern: 'user:*' } },
      'invalidated pattern "user:*" of cache "shop" / "eu", 3 removed; by "anna" from ::1',
    ],
    [
      { ...audit, who: undefined, removed: null, target: { kind: 'tag', cache: 'shop', tag: 'users' } },
      'invalidated tag "users" of cache "shop"; by an unnamed user from ::1',
    ],
    [
      { ...audit, removed: null, failed: true, target: { kind: 'group', cache: 'shop', group: 'a:*' } },
      'failed to invalidate group "a:*" of cache "shop"; by "anna" from ::1',
    ],
  ] as const)('tells who did what: %#', (given, line) => {
    expect(auditLine(given)).toBe(line);
  });

  it('is one line of plain text, whatever its parts are', () => {
    const evil = 'a\n[Nest] LOG\r\u001b[31m\u2028\u202e"; by "root"' + 'x'.repeat(9000);
    const target = { kind: 'key', cache: evil, namespaces: [evil], key: evil } as const;
    const line = auditLine({ ...audit, who: evil, ip: '1.2.3.4" by "root\t', target });

    expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
    expect(line).not.toContain('by "root"');
    expect(line.length).toBeLessThan(2000);
  });
});
