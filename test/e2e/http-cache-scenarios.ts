/**
 * The scenarios of https://github.com/http-tests/cache-tests (cache-tests.fyi) that apply to a shared cache in front of
 * handlers, written anew as a table, under their ids. Those that do not apply stand in docs/http-caching.md.
 */
import type { RequestHeaders } from '../support/http-cache-app.js';

/** A number in a field of dates is seconds from now. */
export type Field = readonly [name: string, value: string | number | readonly string[]];

/** One request, what the handler would answer, and what is expected. */
export interface Step {
  readonly method?: string;
  readonly request?: RequestHeaders;
  readonly status?: number;
  readonly response?: readonly Field[];
  readonly query?: string;
  /** Seconds that pass before. */
  readonly pause?: number;
  /** Whether the response is of this run of the handler. */
  readonly expected?: 'cached' | 'not cached';
  readonly expectedStatus?: number;
  readonly expectedFields?: Readonly<Record<string, string | null>>;
  /** A value that a field does not have. */
  readonly lacks?: readonly [name: string, value: string];
  /** `Age` is at least this. */
  readonly expectedAge?: number;
}

export interface Scenario {
  readonly id: string;
  readonly steps: readonly Step[];
}

const freshFields: readonly Field[] = [
  ['Cache-Control', 'max-age=100000'],
  ['Date', 0],
];
const fresh: Step = { response: freshFields };
const becomesStale: Step = {
  response: [
    ['Cache-Control', 'max-age=2'],
    ['Date', 0],
    ['Template-A', '1'],
  ],
};

/** A response, three seconds, and the same request again. */
function reused(id: string, response: readonly Field[], second: Step = {}): Scenario {
  return { id, steps: [{ response }, { pause: 3, expected: 'cached', ...second }] };
}

function notReused(id: string, response: readonly Field[], second: Step = {}): Scenario {
  return { id, steps: [{ response }, { pause: 3, expected: 'not cached', ...second }] };
}

const control = (...values: readonly string[]): readonly Field[] => [
  ['Cache-Control', values.length === 1 ? (values[0] ?? '') : values],
];

function age(
  id: string,
  expected: 'cached' | 'not cached',
  value: string | readonly string[],
  maxAge = 3600,
): Scenario {
  const response: Field[] = [
    ['Date', 0],
    ['Cache-Control', `max-age=${String(maxAge)}`],
    ['Age', value],
  ];
  return { id: `age-parse-${id}`, steps: [{ response }, { pause: 3, expected }] };
}

const ageParsing = [
  age('nonnumeric', 'cached', 'abc'),
  age('negative', 'cached', '-7200'),
  age('float', 'cached', '7200.0'),
  age('large-minus-one', 'not cached', '2147483647'),
  age('large', 'not cached', '2147483648'),
  age('larger', 'not cached', '2147483649'),
  age('suffix', 'not cached', '7200, 0'),
  age('prefix', 'cached', '0, 7200'),
  age('suffix-twoline', 'not cached', ['7200', '0']),
  age('prefix-twoline', 'cached', ['0', '7200']),
  age('dup-0', 'cached', '0, 0'),
  age('dup-0-twoline', 'cached', ['0', '0']),
  age('dup-old', 'cached', ['3600', '3600'], 10_000),
  age('parameter', 'not cached', '7200;foo=bar'),
  age('numeric-parameter', 'not cached', '7200;foo=111'),
];

function authorized(id: string, expected: 'cached' | 'not cached', directives: string): Scenario {
  const response: Field[] = [...control(directives), ['Date', 0]];
  return {
    id,
    steps: [
      { request: { Authorization: 'FOO' }, response },
      { pause: 3, expected },
    ],
  };
}

const authorization = [
  authorized('other-authorization', 'not cached', 'max-age=100000'),
  authorized('other-authorization-public', 'cached', 'max-age=3600, public'),
  authorized('other-authorization-must-revalidate', 'cached', 'max-age=3600, must-revalidate'),
  authorized('other-authorization-smaxage', 'cached', 's-maxage=3600'),
];

const cacheControlFreshness = [
  notReused('freshness-none', []),
  reused('freshness-max-age', control('max-age=3600')),
  { id: 'freshness-max-age-stale', steps: [becomesStale, { pause: 3, expected: 'not cached' }] },
  notReused('freshness-max-age-0', control('max-age=0')),
  reused('freshness-max-age-max-minus-1', control('max-age=2147483647')),
  reused('freshness-max-age-max', control('max-age=2147483648')),
  reused('freshness-max-age-max-plus-1', control('max-age=2147483649')),
  reused('freshness-max-age-max-plus', control('max-age=99999999999')),
  notReused('freshness-max-age-age', [['Date', 0], ...control('max-age=3600'), ['Age', '7200']]),
  notReused('freshness-max-age-date', [['Date', -7200], ...control('max-age=3600')]),
  reused('freshness-max-age-expires', [...control('max-age=3600'), ['Expires', -7200], ['Date', 0]]),
  reused('freshness-max-age-expires-invalid', [...control('max-age=3600'), ['Expires', '0'], ['Date', 0]]),
  notReused('freshness-max-age-0-expires', [['Expires', 3600], ...control('max-age=0'), ['Date', 0]]),
  reused('freshness-max-age-extension', control('foobar, max-age=3600')),
  reused('freshness-max-age-case-insenstive', control('MaX-aGe=3600')),
  notReused('freshness-max-age-negative', control('max-age=-3600')),
  reused('freshness-s-maxage-shared', control('s-maxage=3600')),
  notReused('freshness-max-age-s-maxage-shared-longer', control('max-age=3600, s-maxage=1')),
  notReused('freshness-max-age-s-maxage-shared-longer-reversed', control('s-maxage=1, max-age=3600')),
  notReused('freshness-max-age-s-maxage-shared-longer-multiple', control('max-age=3600', 's-maxage=1')),
  reused('freshness-max-age-s-maxage-shared-shorter', control('max-age=1, s-maxage=3600')),
  reused('freshness-max-age-s-maxage-shared-shorter-expires', [
    ...control('max-age=0, s-maxage=3600'),
    ['Expires', -10],
    ['Date', 0],
  ]),
] satisfies Scenario[];

const cacheControlParsing = [
  // RFC 9111 §4.2.1 lets a cache take the first of two, or take the response for stale.
  notReused('freshness-max-age-two-fresh-stale-sameline', control('max-age=1800, max-age=1')),
  notReused('freshness-max-age-two-fresh-stale-sepline', control('max-age=1800', 'max-age=1')),
  notReused('freshness-max-age-two-stale-fresh-sameline', control('max-age=1, max-age=1800')),
  notReused('freshness-max-age-two-stale-fresh-sepline', control('max-age=1', 'max-age=1800')),
  reused('freshness-max-age-quoted', control('max-age="3600"')),
  notReused('freshness-max-age-ignore-quoted', control('extension="max-age=3600", max-age=1')),
  notReused('freshness-max-age-ignore-quoted-rev', control('max-age=1, extension="max-age=3600"')),
  notReused('freshness-max-age-space-before-equals', control('max-age =3600')),
  notReused('freshness-max-age-space-after-equals', control('max-age= 3600')),
  reused('freshness-max-age-leading-zero', control('max-age=003600')),
  notReused('freshness-max-age-single-quoted', control("max-age='3600'")),
  notReused('freshness-max-age-decimal-zero', control('max-age=3600.0')),
  notReused('freshness-max-age-decimal-five', control('max-age=3600.5')),
  notReused('freshness-max-age-a100', control('max-age=a3600')),
  notReused('freshness-max-age-100a', control('max-age=3600a')),
];

function asking(
  id: string,
  first: Step,
  directives: string,
  expected: 'cached' | 'not cached',
  more: Step = {},
): Scenario {
  return { id, steps: [first, { pause: 3, request: { 'Cache-Control': directives }, expected, ...more }] };
}

const requestDirectives: Scenario[] = [
  asking('ccreq-ma0', fresh, 'max-age=0', 'not cached'),
  asking('ccreq-ma1', fresh, 'max-age=1', 'not cached'),
  asking('ccreq-magreaterage', { response: [...freshFields, ['Age', '1800']] }, 'max-age=600', 'not cached'),
  asking('ccreq-min-fresh', { response: control('max-age=1500') }, 'min-fresh=2000', 'not cached'),
  asking(
    'ccreq-min-fresh-age',
    { response: [...control('max-age=1500'), ['Age', '1000']] },
    'min-fresh=1000',
    'not cached',
  ),
  asking('ccreq-no-cache', { response: control('max-age=3600') }, 'no-cache', 'not cached'),
  asking('ccreq-no-store', fresh, 'no-store', 'not cached'),
  {
    id: 'ccreq-max-stale',
    steps: [
      { response: control('max-age=2, stale-if-error=1000') },
      { pause: 3, request: { 'Cache-Control': 'max-stale=1000' }, expected: 'cached' },
    ],
  },
  {
    id: 'ccreq-oic',
    steps: [{ request: { 'Cache-Control': 'only-if-cached' }, expected: 'cached', expectedStatus: 504 }],
  },
];

const longLived: readonly Field[] = [
  ['Expires', 10_000],
  ['Date', 0],
];

const responseDirectives: Scenario[] = [
  notReused('cc-resp-private-shared', control('private, max-age=3600')),
  notReused('cc-resp-no-store', control('no-store')),
  notReused('cc-resp-no-store-case-insensitive', control('No-StOrE')),
  notReused('cc-resp-no-store-fresh', [...control('max-age=10000, no-store'), ...longLived]),
  ...['no-store', 'no-store, max-age=0'].map((directives) => ({
    id: `cc-resp-no-store-old-${directives === 'no-store' ? 'new' : 'max-age'}`,
    // A response that is not stored leaves the older one as it is.
    steps: [
      { response: [...control('max-age=10000'), ['Date', 0], ['A', '1']] as Field[] },
      { pause: 3, response: control(directives), expected: 'cached', expectedFields: { a: '1' } } as const,
      { pause: 3, expected: 'cached', expectedFields: { a: '1' } } as const,
    ],
  })),
  notReused('cc-resp-no-cache', [...control('max-age=10000, no-cache'), ...longLived]),
  notReused('cc-resp-no-cache-case-insensitive', [...control('max-age=10000, No-CaChE'), ...longLived]),
  reused(
    'headers-omit-headers-listed-in-Cache-Control-no-cache-single',
    [...control('no-cache="a"', 'max-age=3600'), ['a', '1'], ['b', '2'], ['Date', 0]],
    { expectedFields: { a: null, b: '2' } },
  ),
  reused(
    'headers-omit-headers-listed-in-Cache-Control-no-cache',
    [...control('no-cache="a, b"', 'max-age=3600'), ['a', '1'], ['b', '2'], ['c', '3'], ['Date', 0]],
    { expectedFields: { a: null, b: null, c: '3' } },
  ),
  reused('cc-resp-must-revalidate-fresh', [...control('max-age=10000, must-revalidate'), ['ETag', '"abcd"']]),
  notReused('cc-resp-must-revalidate-stale', [...control('max-age=2, must-revalidate'), ['ETag', '"abcd"']]),
];

function notModified(
  id: string,
  response: readonly Field[],
  request: RequestHeaders,
  more: Step = {},
): Scenario {
  return reused(id, [...control('max-age=100000'), ['Date', 0], ...response], {
    request,
    expectedStatus: 304,
    ...more,
  });
}

const tag: readonly Field[] = [['ETag', '"abcdef"']];
const past = 'Wed, 01 Jan 2020 00:00:00 GMT';

const conditional: Scenario[] = [
  notModified('conditional-etag-strong-respond', tag, { 'If-None-Match': '"abcdef"' }),
  notModified(
    'conditional-304-etag',
    tag,
    { 'If-None-Match': '"abcdef"' },
    { expectedFields: { etag: '"abcdef"' } },
  ),
  notModified('conditional-etag-precedence', [...tag, ['Last-Modified', -3000]], {
    'If-None-Match': '"abcdef"',
    'If-Modified-Since': past,
  }),
  notModified('conditional-etag-weak-respond', [['ETag', 'W/"abcdef"']], { 'If-None-Match': 'W/"abcdef"' }),
  notModified('conditional-etag-strong-respond-multiple-first', tag, {
    'If-None-Match': '"abcdef", "1234", "5678"',
  }),
  notModified('conditional-etag-strong-respond-multiple-second', tag, {
    'If-None-Match': '"1234", "abcdef", "5678"',
  }),
  notModified('conditional-etag-strong-respond-multiple-last', tag, {
    'If-None-Match': '"1234", "5678", "abcdef"',
  }),
  reused('conditional-etag-quoted-respond-unquoted', [...freshFields, ...tag], {
    request: { 'If-None-Match': 'abcdef' },
    expectedStatus: 200,
  }),
  notModified('conditional-lm-fresh', [['Last-Modified', past]], { 'If-Modified-Since': past }),
  notModified('conditional-lm-fresh-earlier', [['Last-Modified', past]], {
    'If-Modified-Since': 'Thu, 02 Jan 2020 00:00:00 GMT',
  }),
  notModified('conditional-lm-fresh-no-lm', [], { 'If-Modified-Since': 'Fri, 01 Jan 2100 00:00:00 GMT' }),
  notModified('conditional-lm-fresh-rfc850', [['Last-Modified', past]], {
    'If-Modified-Since': 'Wednesday, 01-Jan-20 00:00:00 GMT',
  }),
];

const expires: Scenario[] = [
  reused('freshness-expires-future', [
    ['Expires', 2_592_000],
    ['Date', 0],
  ]),
  notReused('freshness-expires-past', [
    ['Expires', -2_592_000],
    ['Date', 0],
  ]),
  notReused('freshness-expires-present', [
    ['Expires', 0],
    ['Date', 0],
  ]),
  notReused('freshness-expires-old-date', [
    ['Expires', 300],
    ['Date', 400],
  ]),
  notReused('freshness-expires-invalid', [
    ['Expires', '0'],
    ['Date', 0],
  ]),
  reused('freshness-expires-invalid-date', [
    ['Date', 'foo'],
    ['Expires', 10],
  ]),
  notReused('freshness-expires-age-slow-date', [
    ['Date', -10],
    ['Expires', 10],
    ['Age', '25'],
  ]),
  notReused('freshness-expires-age-fast-date', [
    ['Date', 10],
    ['Expires', 20],
    ['Age', '15'],
  ]),
  reused('freshness-expires-32bit', [['Expires', 'Tue, 19 Jan 2038 14:14:08 GMT']]),
  reused('freshness-expires-far-future', [['Expires', 'Sun, 21 Nov 2286 04:46:39 GMT']]),
  reused('freshness-expires-rfc850', [['Expires', 'Thursday, 18-Aug-50 02:01:18 GMT']]),
  reused('freshness-expires-ansi-c', [['Expires', 'Thu Aug  8 02:01:18 2050']]),
  reused('freshness-expires-wrong-case-weekday', [['Expires', 'THU, 18 Aug 2050 02:01:18 GMT']]),
  reused('freshness-expires-wrong-case-month', [['Expires', 'Thu, 18 AUG 2050 02:01:18 GMT']]),
  reused('freshness-expires-wrong-case-tz', [['Expires', 'Thu, 18 Aug 2050 02:01:18 gMT']]),
  ...(
    [
      ['utc', 'Thu, 18 Aug 2050 02:01:18 UTC'],
      ['aest', 'Thu, 18 Aug 2050 02:01:18 AEST'],
      ['2-digit-year', 'Thu, 18 Aug 50 02:01:18 GMT'],
      ['no-comma', 'Thu 18 Aug 2050 02:01:18 GMT'],
      ['multiple-spaces', 'Thu, 18  Aug  2050 02:01:18 GMT'],
      ['date-dashes', 'Thu, 18-Aug-2050 02:01:18 GMT'],
      ['time-periods', 'Thu, 18 Aug 2050 02.01.18 GMT'],
      ['1-digit-hour', 'Thu, 18 Aug 2050 2:01:18 GMT'],
    ] as const
  ).map(([id, value]) => notReused(`freshness-expires-invalid-${id}`, [['Expires', value]])),
  notReused('freshness-expires-invalid-multiple-lines', [
    ['Expires', ['Thu, 18 Aug 2050 02:01:18 GMT', 'Thu, 18 Aug 2050 02:01:19 GMT']],
  ]),
];

const kept: Readonly<Record<string, string>> = {
  'Test-Header': 'a',
  'X-Test-Header': 'b',
  'Content-Foo': 'c',
  'X-Content-Foo': 'd',
  'Content-Encoding': 'identity',
  'Content-Location': '/foo',
  'Content-MD5': 'rL0Y20zC+Fzt72VPzMSk2A==',
  'Content-Range': 'e',
  'Content-Security-Policy': "default-src 'self'",
  'Content-Type': 'text/plain; charset=utf-8',
  'Clear-Site-Data': 'cache',
  ETag: '"abcdef"',
  Expires: 'Fri, 01 Jan 2038 01:01:01 GMT',
  'Public-Key-Pins': 'f',
  'Set-Cookie2': 'a=b',
  'X-Frame-Options': 'deny',
  'X-XSS-Protection': '1',
};
const notKept = [
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Authentication-Info',
  'Proxy-Authorization',
  'Proxy-Connection',
  'TE',
];

const headers: Scenario[] = [
  reused(
    'headers-omit-headers-listed-in-Connection',
    [...freshFields, ['Connection', 'a, b'], ['a', '1'], ['b', '2'], ['c', '3']],
    { expectedFields: { a: null, b: null, c: '3' } },
  ),
  reused('headers-store-Cache-Control', freshFields, {
    expectedFields: { 'cache-control': 'max-age=100000' },
  }),
  ...Object.entries(kept).map(([name, value]) =>
    reused(`headers-store-${name}`, [...freshFields, [name, value]], {
      expectedFields: { [name.toLowerCase()]: value },
    }),
  ),
  ...notKept.map((name) =>
    reused(`headers-store-${name}`, [...freshFields, [name, 'never']], {
      lacks: [name, 'never'],
    }),
  ),
];

const heuristic: Scenario[] = [201, 202, 403, 502, 503, 504, 599].map((status) => ({
  id: `heuristic-${String(status)}-not_cached`,
  steps: [
    {
      status,
      response: [
        ['Last-Modified', -86_400],
        ['Date', 0],
      ] as Field[],
    },
    { pause: 3, status, expected: 'not cached' as const },
  ],
}));

const invalidation: Scenario[] = ['POST', 'PUT', 'DELETE'].flatMap((method) => [
  { id: `invalidate-${method}`, steps: [fresh, { method }, { expected: 'not cached' }] },
  { id: `invalidate-${method}-failed`, steps: [fresh, { method, status: 500 }, { expected: 'cached' }] },
  {
    id: `invalidate-${method}-location`,
    steps: [
      { query: 'target', ...fresh },
      { method, response: [['Location', '?target']] },
      { query: 'target', expected: 'not cached' },
    ],
  },
  {
    id: `invalidate-${method}-cl`,
    steps: [
      { query: 'target', ...fresh },
      { method, response: [['Content-Location', '?target']] },
      { query: 'target', expected: 'not cached' },
    ],
  },
]);

const expiring: readonly Field[] = [
  ['Expires', 2_592_000],
  ['Date', 0],
];
const other: Scenario[] = [
  reused('other-age-gen', freshFields, { expectedAge: 3 }),
  reused('other-age-update-expires', [...expiring, ['Age', '30']], { expectedAge: 33 }),
  reused('other-age-update-max-age', [...freshFields, ['Age', '30']], { expectedAge: 33 }),
  reused('other-date-update', [...control('max-age=100000'), ['Date', 'Fri, 01 Jan 2100 00:00:00 GMT']], {
    expectedFields: { date: 'Fri, 01 Jan 2100 00:00:00 GMT' },
  }),
  reused(
    'other-date-update-expires',
    [
      ['Expires', 'Fri, 02 Jan 2100 00:00:00 GMT'],
      ['Date', 'Fri, 01 Jan 2100 00:00:00 GMT'],
    ],
    { expectedFields: { date: 'Fri, 01 Jan 2100 00:00:00 GMT' } },
  ),
  reused('other-date-update-expires-update', [['Expires', 'Fri, 02 Jan 2100 00:00:00 GMT']], {
    expectedFields: { expires: 'Fri, 02 Jan 2100 00:00:00 GMT' },
  }),
  {
    id: 'query-args-different',
    steps: [
      { query: 'test=1', ...fresh },
      { query: 'test=2', expected: 'not cached' },
    ],
  },
  {
    id: 'query-args-same',
    steps: [
      { query: 'test=1', ...fresh },
      { query: 'test=1', expected: 'cached' },
    ],
  },
  reused('other-fresh-content-disposition-attachment', [
    ...freshFields,
    ['Content-Disposition', 'attachment; filename=example.txt'],
  ]),
];

const pragma: Scenario[] = [
  reused('pragma-request-extension', freshFields, { request: { Pragma: 'unrecognised-extension' } }),
  notReused('pragma-request-no-cache', freshFields, { request: { Pragma: 'no-cache' } }),
  reused('pragma-response-no-cache', [...control('max-age=3600'), ['Pragma', 'no-cache']]),
  reused('pragma-response-extension', [...control('max-age=3600'), ['Pragma', 'unrecognised-extension']]),
];

const down: Step = { pause: 3, status: 503, expected: 'not cached', expectedStatus: 503 };
const stale: Scenario[] = [
  { id: 'stale-503', steps: [becomesStale, down] },
  {
    id: 'stale-while-revalidate',
    steps: [
      { response: control('max-age=1, stale-while-revalidate=3600') },
      { pause: 3, expected: 'cached' },
    ],
  },
  {
    id: 'stale-while-revalidate-window',
    steps: [
      { response: control('max-age=1, stale-while-revalidate=4') },
      { pause: 6, expected: 'not cached' },
    ],
  },
  {
    id: 'stale-sie-503',
    steps: [
      { response: control('max-age=2, stale-if-error=60') },
      { ...down, expected: 'cached', expectedStatus: 200 },
    ],
  },
  ...['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=2'].map((directive) => ({
    id: `stale-close-${directive}`,
    steps: [{ response: control(`max-age=2, ${directive}`) }, down],
  })),
];

const status: Scenario[] = [
  ...[200, 203, 204, 299, 301, 302, 303, 307, 308].map((code) => ({
    id: `status-${String(code)}-fresh`,
    steps: [
      { status: code, response: freshFields },
      { pause: 3, expected: 'cached', expectedStatus: code } as const,
    ],
  })),
  ...[200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599].map(
    (code) => ({
      id: `status-${String(code)}-stale`,
      steps: [
        {
          status: code,
          response: [
            ['Expires', -5000],
            ['Last-Modified', -100_000],
            ['Date', 0],
          ] as Field[],
        },
        { pause: 3, status: code, expected: 'not cached' } as const,
      ],
    }),
  ),
  notReused('status-599-must-understand', control('max-age=3600, no-store, must-understand'), {}),
  reused('status-200-must-understand', control('max-age=3600, no-store, must-understand')),
].map((it) =>
  it.id === 'status-599-must-understand'
    ? { ...it, steps: it.steps.map((step, index) => (index === 0 ? { ...step, status: 599 } : step)) }
    : it,
);

function vary(
  id: string,
  expected: 'cached' | 'not cached',
  names: string | readonly string[],
  first: RequestHeaders,
  second: RequestHeaders,
): Scenario {
  const response: Field[] = [
    ...control('max-age=5000'),
    ['Last-Modified', -3000],
    ['Date', 0],
    ['Vary', names],
  ];
  return {
    id,
    steps: [
      { request: first, response },
      { pause: 3, request: second, expected },
    ],
  };
}

const three = 'Foo, Bar, Baz';
const varying: Scenario[] = [
  vary('vary-match', 'cached', 'Foo', { Foo: '1' }, { Foo: '1' }),
  vary('vary-no-match', 'not cached', 'Foo', { Foo: '1' }, { Foo: '2' }),
  vary('vary-omit-stored', 'not cached', 'Foo', {}, { Foo: '1' }),
  vary('vary-omit', 'not cached', 'Foo', { Foo: '1' }, {}),
  {
    id: 'vary-invalidate',
    steps: [
      { request: { Foo: '1' }, response: [...freshFields, ['Vary', 'Foo'], ['Variant', '1']] },
      {
        request: { Foo: '2' },
        response: [...freshFields, ['Vary', 'Foo'], ['Variant', '2']],
        expected: 'not cached',
      },
      { request: { Foo: '1' }, expected: 'cached', expectedFields: { variant: '1' } },
    ],
  },
  vary('vary-cache-key', 'cached', 'Foo', { Foo: '1', Other: '2' }, { Foo: '1', Other: '3' }),
  vary('vary-2-match', 'cached', 'Foo, Bar', { Foo: '1', Bar: 'abc' }, { Foo: '1', Bar: 'abc' }),
  vary('vary-2-no-match', 'not cached', 'Foo, Bar', { Foo: '1', Bar: 'abc' }, { Foo: '2', Bar: 'abc' }),
  vary('vary-2-match-omit', 'not cached', 'Foo, Bar', { Foo: '1', Bar: 'abc' }, {}),
  vary(
    'vary-3-match',
    'cached',
    three,
    { Foo: '1', Bar: 'abc', Baz: '789' },
    { Foo: '1', Bar: 'abc', Baz: '789' },
  ),
  vary(
    'vary-3-no-match',
    'not cached',
    three,
    { Foo: '1', Bar: 'abc', Baz: '789' },
    { Foo: '2', Bar: 'abc', Baz: '789' },
  ),
  vary(
    'vary-3-order',
    'not cached',
    three,
    { Foo: '1', Bar: 'abc', Baz: '789' },
    { Foo: '1', Baz: '789', Bar: 'abcde' },
  ),
  vary('vary-3-omit', 'cached', three, { Foo: '1', Baz: '789' }, { Foo: '1', Baz: '789' }),
  vary('vary-star', 'not cached', '*', { Foo: '1', Baz: '789' }, { Foo: '1', Baz: '789' }),
  vary('vary-normalise-combine', 'cached', 'Foo', { Foo: '1, 2' }, { Foo: ['1', '2'] }),
  vary('vary-normalise-space', 'cached', 'Foo', { Foo: '1,2' }, { Foo: ' 1, 2 ' }),
  vary(
    'vary-normalise-lang-space',
    'cached',
    'Accept-Language',
    { 'Accept-Language': 'en, de' },
    { 'Accept-Language': ' en ,   de' },
  ),
  vary('vary-syntax-star', 'not cached', '*', {}, {}),
  vary('vary-syntax-star-star', 'not cached', '*, *', {}, {}),
  vary('vary-syntax-star-star-lines', 'not cached', ['*', '*'], {}, {}),
  vary('vary-syntax-empty-star', 'not cached', ', *', {}, {}),
  vary('vary-syntax-empty-star-lines', 'not cached', ['', '*'], {}, {}),
  vary('vary-syntax-star-foo', 'not cached', '*, Foo', {}, {}),
  vary('vary-syntax-foo-star', 'not cached', 'Foo, *', {}, {}),
];

const head: Scenario[] = [
  {
    id: 'head-writethrough',
    steps: [becomesStale, { pause: 3, method: 'HEAD', expected: 'not cached' }],
  },
];

export const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  'Age parsing': ageParsing,
  Authorization: authorization,
  'Cache-Control freshness': cacheControlFreshness,
  'Cache-Control parsing': cacheControlParsing,
  'Cache-Control of requests': requestDirectives,
  'Cache-Control of responses': responseDirectives,
  'conditional requests': conditional,
  Expires: expires,
  'storing headers': headers,
  'heuristic freshness': heuristic,
  invalidation: invalidation,
  other: other,
  Pragma: pragma,
  'stale responses': stale,
  'status codes': status,
  Vary: varying,
  HEAD: head,
};
