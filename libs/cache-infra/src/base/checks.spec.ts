import fc from 'fast-check';
import {
  assertOptions,
  booleanValue,
  didYouMean,
  duration,
  fraction,
  functionValue,
  group,
  hostName,
  integerBetween,
  nested,
  nodeList,
  nonEmptyString,
  nonNegativeInteger,
  objectValue,
  objectWith,
  oneOf,
  operationTtls,
  optionProblems,
  positiveInteger,
  problemsAt,
  redisUrl,
  socketPath,
  stringValue,
  timeout,
  type Check,
} from './checks.js';
import { ValidationError } from './errors.js';

function messageOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ValidationError) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('single values', () => {
  const fine: readonly [name: string, check: Check, values: readonly unknown[]][] = [
    ['duration', duration, [0, 1, 31_536_000, '250ms', '1.5s', '30m', '2h', '365d']],
    ['duration', duration, [0, 5, '250ms', '7d', '365d']],
    ['timeout', timeout, [1, '1ms']],
    ['nonNegativeInteger', nonNegativeInteger, [0, 9]],
    ['positiveInteger', positiveInteger, [1]],
    ['integerBetween', integerBetween(1, 9), [1, 9]],
    ['fraction', fraction, [0, 0.5, 1]],
    ['booleanValue', booleanValue, [true, false]],
    ['stringValue', stringValue, ['', 'a']],
    ['nonEmptyString', nonEmptyString, ['a']],
    ['functionValue', functionValue, [() => 1]],
    ['objectValue', objectValue, [{}, new Date()]],
    ['objectWith', objectWith('warn'), [console]],
    ['oneOf', oneOf('a', 'b'), ['a', 'b']],
  ];
  it.each(fine)('%s accepts valid values', (_, check, values) => {
    expect(values.map(check)).toEqual(values.map(() => undefined));
  });

  const wrong: readonly [name: string, check: Check, value: unknown, words: string][] = [
    ['duration', duration, '3600', 'must be an integer (seconds) or a duration with a unit (ms, s, m, h, d)'],
    ['duration', duration, Infinity, 'must be an integer (seconds)'],
    ['duration', duration, NaN, 'must be an integer (seconds)'],
    ['duration', duration, 366 * 86_400, 'must not exceed 365 days'],
    ['duration', duration, -1, 'must be non-negative'],
    ['duration', duration, '1w', 'must be an integer (seconds) or a duration'],
    ['duration', duration, '366d', 'must not exceed 365 days'],
    ['duration', duration, null, 'must be an integer (seconds) or a duration'],
    ['timeout', timeout, '0ms', 'must be longer than 0'],
    ['nonNegativeInteger', nonNegativeInteger, -1, 'must be a non-negative integer'],
    ['nonNegativeInteger', nonNegativeInteger, 1.5, 'must be a non-negative integer'],
    ['positiveInteger', positiveInteger, 0, 'must be a positive integer'],
    ['integerBetween', integerBetween(1, 9), 10, 'must be an integer from 1 to 9'],
    ['fraction', fraction, 1.1, 'must be a number from 0 to 1'],
    ['fraction', fraction, NaN, 'must be a number from 0 to 1'],
    ['booleanValue', booleanValue, 'true', 'must be true or false'],
    ['stringValue', stringValue, 1, 'must be a string'],
    ['nonEmptyString', nonEmptyString, '', 'cannot be empty'],
    ['functionValue', functionValue, {}, 'must be a function'],
    ['objectValue', objectValue, null, 'must be an object'],
    ['objectValue', objectValue, [], 'must be an object'],
    ['objectWith', objectWith('warn', 'log'), { warn: () => 1 }, 'must be an object with warn() and log()'],
    ['oneOf', oneOf('clone', 'freeze'), 'clones', "must be one of 'clone', 'freeze' (did you mean 'clone'?)"],
  ];
  it.each(wrong)('%s refuses invalid values (%#)', (_, check, value, words) => {
    expect(check(value)).toContain(words);
  });
});

describe('redisUrl', () => {
  it.each([
    'redis://localhost',
    'redis://localhost:6379',
    'REDIS://localhost/',
    'rediss://user:p%40ss@cache.example.org:6380/3?family=6',
    'redis://:secret@127.0.0.1:6379',
    'redis://[::1]:6379/0',
    'redis://localhost:99999',
  ])('accepts %s', (url) => {
    expect(redisUrl(url)).toBeUndefined();
  });

  it.each([
    ['', 'cannot be empty'],
    [123, 'must be a string'],
    ['http://localhost:6379', "must start with 'redis://'"],
    ['localhost:6379', "must start with 'redis://'"],
    ['redis://', 'must include host information'],
    ['redis://:6379', 'must include host information'],
    ['redis://user:secret@', 'must include host information'],
    ['redis://user:secret', 'must have the form'],
    ['redis://user:p@ss@host', 'must have the form'],
    ['redis://host/cache', 'must name its database by a number'],
  ])('refuses %p', (url, words) => {
    expect(redisUrl(url)).toContain(words);
  });

  it('never shows a credential, whatever is wrong with the URL', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9/?#:.-]{0,6}$/);
    const urls = fc.tuple(fc.constantFrom('http://', 'redis://', 'redis:', ''), part, part, part);
    fc.assert(
      fc.property(urls, ([scheme, before, after, host]) => {
        const url = `${scheme}user:${before}S3CRET${after}@${host}`;
        const [problem] = problemsAt('redisUrl', url, redisUrl);
        expect(problem?.message ?? '').not.toContain('S3CRET');
      }),
      { numRuns: 300 },
    );
  });
});

describe('hostName', () => {
  it.each(['localhost', 'redis.example', '10.0.0.1', '::1', 'fe80::1%eth0', 'my_redis', '[::1]'])(
    'accepts %s',
    (host) => {
      expect(problemsAt('host', host, hostName)).toEqual([]);
    },
  );

  it.each([
    ['redis://shop:S3CRET@redis.example', "did you mean 'url'?"],
    ['shop:S3CRET@redis.example', "did you mean 'url'?"],
    ['redis.example/S3CRET', "did you mean 'url'?"],
    ['redis.example?password=S3CRET', "did you mean 'url'?"],
    ['redis.example:6379', "the option 'port'"],
    ['', 'cannot be empty'],
  ])('T39: refuses %s without repeating it', (host, words) => {
    const [found] = problemsAt('redis.host', host, hostName);
    expect(found?.message).toContain(words);
    expect(found?.message).not.toMatch(/S3CRET|example/);
  });
});

describe('socketPath', () => {
  it('T39: refuses a URL without repeating it', () => {
    const [found] = problemsAt('redis.path', 'redis://shop:S3CRET@host', socketPath);
    expect(found?.message).toContain("did you mean 'url'?");
    expect(found?.message).not.toContain('S3CRET');
    expect(problemsAt('redis.path', '/run/redis.sock', socketPath)).toEqual([]);
  });
});

describe('nodeList', () => {
  it('T39: names the node and the option, and repeats no host', () => {
    const nodes = [
      { host: 'a' },
      { host: 'redis://u:S3CRET@b' },
      { host: 'c', port: 0 },
      { host: 'd', prot: 1 },
      'e',
    ];
    const problems = problemsAt('redis.nodes', nodes, nodeList);
    expect(problems.map(({ path }) => path)).toEqual([
      'redis.nodes[1].host',
      'redis.nodes[2].port',
      'redis.nodes[3].prot',
      'redis.nodes[4]',
    ]);
    expect(JSON.stringify(problems)).not.toContain('S3CRET');
    expect(problemsAt('redis.nodes', [], nodeList)).toHaveLength(1);
  });
});

describe('operationTtls', () => {
  it('seed S10.125 must be a dictionary', () => {
    expect(problemsAt('operationTtls', 'invalid', operationTtls)).toEqual([
      {
        path: 'operationTtls',
        message:
          'operationTtls must be a dictionary of operation names to seconds or durations, got "invalid"',
      },
    ]);
  });

  it('seed S10.126 keys must be non-empty strings', () => {
    const [problem] = problemsAt('operationTtls', { '': 3600 }, operationTtls);
    expect(problem?.message).toContain('operationTtls keys must be non-empty strings');
  });

  it('seed S10.127 values must be non-negative integers, and the problem names the operation', () => {
    expect(problemsAt('operationTtls', { test: -1, fine: 0 }, operationTtls)).toEqual([
      { path: 'operationTtls.test', message: 'operationTtls.test must be a non-negative integer, got -1' },
    ]);
  });

  it('refuses ttls over 365 days, and class instances', () => {
    expect(problemsAt('operationTtls', { a: 31_536_001 }, operationTtls)[0]?.message).toContain('365 days');
    expect(problemsAt('operationTtls', new Map(), operationTtls)).toHaveLength(1);
    expect(problemsAt('operationTtls', Object.assign(Object.create(null), { a: 1 }), operationTtls)).toEqual(
      [],
    );
  });
});

describe('assertOptions', () => {
  const checks = { defaultTtl: duration, maxSize: positiveInteger, redisUrl, password: nonEmptyString };

  it('accepts valid options, and treats undefined as absent', () => {
    assertOptions('Test', { defaultTtl: 5, maxSize: undefined, unheardOf: undefined }, checks);
  });

  it('lists every problem at once, each with its path', () => {
    const message = messageOf(() =>
      assertOptions('Test', { defaultTtl: -1, maxSize: 0 }, checks, ['redisUrl']),
    );
    expect(message).toBe(
      'Test: redisUrl is required; defaultTtl must be non-negative, got -1; maxSize must be a positive integer, got 0',
    );
  });

  it('refuses an unknown option, and suggests the closest name', () => {
    expect(messageOf(() => assertOptions('Test', { defaultTTL: 5 }, checks))).toBe(
      "Test: defaultTTL is not a known option (did you mean 'defaultTtl'?)",
    );
    expect(messageOf(() => assertOptions('Test', { ttl: 5 }, checks))).toContain(
      "did you mean 'defaultTtl'?",
    );
    expect(messageOf(() => assertOptions('Test', { somethingElse: 5 }, checks))).not.toContain(
      'did you mean',
    );
    expect(messageOf(() => assertOptions('Test', { constructor: 5 }, checks))).toContain(
      'not a known option',
    );
  });

  it('T57: names our option for an option of another cache', () => {
    const known = { redisUrl, redis: objectValue, defaultTtl: duration };
    expect(messageOf(() => assertOptions('Test', { host: 'a' }, known))).toContain(
      "did you mean 'redis: { host }'?",
    );
    expect(messageOf(() => assertOptions('Test', { store: {} }, known))).toContain(
      "did you mean 'redisUrl' or 'redis'?",
    );
  });

  it.each([[null], ['text'], [[1]]])('refuses options that are %p', (options) => {
    expect(messageOf(() => assertOptions('Test', options, checks))).toContain('options must be an object');
  });

  it('shows no secrets', () => {
    const message = messageOf(() =>
      assertOptions('Test', { password: 12345, redisUrl: 'http://u:S3CRET@h:1' }, checks),
    );
    expect(message).toBe(
      'Test: password must be a string; ' +
        "redisUrl must start with 'redis://' or 'rediss://' (or 'unix://' for a socket), got \"http://***@h:1\"",
    );
  });

  it('checks nested options, with their path', () => {
    const outer = { redis: nested({ port: integerBetween(1, 65_535) }, (value) => 'status' in value) };
    expect(optionProblems({ redis: { port: 0, prot: 1 } }, outer).map(({ path }) => path)).toEqual([
      'redis.port',
      'redis.prot',
    ]);
    expect(optionProblems({ redis: { status: 'ready', port: 0 } }, outer)).toEqual([]);
    expect(optionProblems({ redis: 7 }, outer)).toEqual([
      { path: 'redis', message: 'redis must be an object, got 7' },
    ]);
  });
});

describe('group', () => {
  const checks = {
    lock: booleanValue,
    advanced: group({ clock: objectValue, breakerThreshold: positiveInteger }),
  };
  const messages = (options: object) => optionProblems(options, checks).map(({ message }) => message);

  it('checks the options within, with their path', () => {
    expect(messages({ advanced: { clock: {}, breakerThreshold: 5 } })).toEqual([]);
    expect(messages({ advanced: { breakerThreshold: 0 } })).toEqual([
      'advanced.breakerThreshold must be a positive integer, got 0',
    ]);
    expect(messages({ advanced: { breakerTreshold: 1 } })).toEqual([
      "advanced.breakerTreshold is not a known option (did you mean 'breakerThreshold'?)",
    ]);
    expect(messages({ advanced: 5 })).toEqual(['advanced must be an object, got 5']);
  });

  it('names the group of an option that stands beside it, also where another name is near', () => {
    expect(messages({ breakerThreshold: 5, clock: {} })).toEqual([
      'breakerThreshold stands under advanced: { advanced: { breakerThreshold: ... } }',
      'clock stands under advanced: { advanced: { clock: ... } }',
    ]);
  });

  it('guesses a misspelt one beside it', () => {
    expect(messages({ breakerTreshold: 5 })).toEqual([
      "breakerTreshold is not a known option (did you mean 'advanced: { breakerThreshold }'?)",
    ]);
  });
});

describe('didYouMean', () => {
  it('suggests nothing without a close name, or for a value that is not a word', () => {
    expect(didYouMean('zzz', ['defaultTtl'])).toBe('');
    expect(didYouMean(7, ['defaultTtl'])).toBe('');
    expect(didYouMean('a word that is far longer than any', ['ttl'])).toBe('');
  });
});
