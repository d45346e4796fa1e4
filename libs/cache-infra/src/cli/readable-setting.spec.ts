import { readableSetting } from './readable-setting.js';

describe('a setting for people', () => {
  it.each([
    ['defaultTtl', '3600', '3600 s (1 h)'],
    ['defaultTtl', '300', '300 s (5 min)'],
    ['defaultTtl', '77', '77 s'],
    ['defaultTtl', '0', '0 s (never expires)'],
    ['defaultTtl', '300000', '300000 s (83 h)'],
    ['defaultTtl', '3600000', '3600000 s (42 d)'],
    ['defaultTtl', '5m', '5m'],
    ['grace', '0', '0 s'],
    ['commandTimeout', '250ms', '250ms'],
    ['maxValueBytes', '67108864', '64 MiB'],
    ['l1MaxBytes', '3000000', '3000000 bytes (2.9 MiB)'],
    ['compressionThreshold', '1000', '1000 bytes'],
    ['advanced.journalMaxBytes', '1610612736', '1.5 GiB'],
    ['advanced.journalHorizon', '600', '600 s (10 min)'],
    ['l1CacheSize', '1000', '1000'],
    ['isolation', 'clone', 'clone'],
  ])('%s %s: %s', (name, value, expected) => {
    expect(readableSetting({ name, value })).toBe(expected);
  });
});
