import { compressionAlgorithms, compressionLevels, hasZstd } from '../../codec/compression.js';
import type { RedisCacheOptions } from './cache-options.js';
import { contradictions } from './contradictions.js';

const messages = (options: Partial<RedisCacheOptions>): readonly string[] =>
  contradictions(options).map(({ message }) => message);

describe('compressionLevel', () => {
  it.each(compressionAlgorithms.filter((name) => name !== 'zstd' || hasZstd))(
    'must be a level of %s',
    (compressionAlgorithm) => {
      const { least, most } = compressionLevels[compressionAlgorithm];
      for (const level of [least, most])
        expect(messages({ compressionAlgorithm, advanced: { compressionLevel: level } })).toEqual([]);
      for (const level of [least - 1, most + 1]) {
        expect(messages({ compressionAlgorithm, advanced: { compressionLevel: level } })).toEqual([
          `advanced.compressionLevel must be an integer from ${String(least)} to ${String(most)} with ` +
            `compressionAlgorithm '${compressionAlgorithm}', got ${String(level)}`,
        ]);
      }
    },
  );

  it('is one of deflate by default', () => {
    expect(messages({ advanced: { compressionLevel: 10 } })).toEqual([
      "advanced.compressionLevel must be an integer from 1 to 9 with compressionAlgorithm 'deflate', got 10",
    ]);
  });
});

describe('zstd', () => {
  const refused = hasZstd
    ? []
    : [
        `compressionAlgorithm 'zstd' needs Node 22.15 or later (this is ${process.version}): ` +
          "use 'auto' or 'deflate'",
      ];

  it('asked for by name, needs a Node that has it', () => {
    expect(messages({ compressionAlgorithm: 'zstd' })).toEqual(refused);
    expect(messages({ compressionAlgorithm: 'auto' })).toEqual([]);
  });
});

describe("format: 'json'", () => {
  it.each<[string, Partial<RedisCacheOptions>, does: string]>([
    ['encryption', { encryption: { keys: [] } }, 'encrypted'],
    ['enableCompression', { enableCompression: true }, 'compressed'],
    ['compressionThreshold', { compressionThreshold: 500 }, 'compressed'],
    ['compressionAlgorithm', { compressionAlgorithm: 'deflate' }, 'compressed'],
    ['advanced.compressionLevel', { advanced: { compressionLevel: 6 } }, 'compressed'],
  ])('cannot be combined with %s', (path, options, does) => {
    expect(contradictions({ format: 'json', ...options })).toEqual([
      {
        path,
        message: `${path} cannot be combined with format 'json', whose entries are never ${does}: leave one out`,
      },
    ]);
    expect(messages({ format: 'binary', ...options })).toEqual([]);
  });

  it('allows what says no compression', () => {
    expect(messages({ format: 'json', enableCompression: false, advanced: {} })).toEqual([]);
  });
});
