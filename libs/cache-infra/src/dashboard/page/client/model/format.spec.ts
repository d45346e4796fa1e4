import {
  ago,
  bytes,
  clock,
  count,
  counted,
  duration,
  latency,
  money,
  percent,
  perSecond,
  short,
} from './format.js';

describe('numbers of the page', () => {
  it.each([
    [0, '0'],
    [1204, '1,204'],
    [98_233, '98,233'],
    [12_345_678, '12.3M'],
  ])('count %d as %s', (value, text) => expect(count(value)).toBe(text));

  it('name the singular and the plural', () => {
    expect([counted(1, 'entry', 'entries'), counted(0, 'entry', 'entries'), counted(2, 'cache')]).toEqual([
      ...['1 entry', '0 entries', '2 caches'],
    ]);
  });

  it.each([
    [null, '–'],
    [0, '0 %'],
    [0.0001, '< 0.1 %'],
    [0.5, '50.0 %'],
    [0.988, '98.8 %'],
    [0.99996, '> 99.9 %'],
    [1, '100 %'],
  ])('show the ratio %p as %s: neither all nor nothing unless it is', (value, text) =>
    expect(percent(value)).toBe(text),
  );

  it.each([
    [null, '–'],
    [0.0004, '< 1 µs'],
    [0.018, '18 µs'],
    [0.9999, '1 ms'],
    [4.23, '4.2 ms'],
    [42.4, '42 ms'],
    [999.6, '1 s'],
    [1340, '1.3 s'],
    [125_000, '2 min 5 s'],
  ])('show the latency %p as %s', (value, text) => expect(latency(value)).toBe(text));

  it.each([
    [-3, '0 s'],
    [12, '12 s'],
    [60, '1 min'],
    [245, '4 min 5 s'],
    [7200, '2 h'],
    [273_600, '3 d 4 h'],
  ])('show %d seconds as %s', (value, text) => expect(duration(value)).toBe(text));

  it('tell how long ago something was, in one unit', () => {
    expect([0, 1500, 12_000, 245_000, 90_000_000].map((ms) => ago(0, ms))).toEqual([
      ...['just now', 'just now', '12 s ago', '4 min ago', '1 d ago'],
    ]);
  });

  it('show sizes, rates and amounts', () => {
    expect([bytes(980), bytes(1234), bytes(5_000_000_000)]).toEqual(['980 B', '1.2 kB', '5 GB']);
    expect([perSecond(0.42), perSecond(1234)]).toEqual(['0.4/s', '1.2K/s']);
    expect([short(4.26), short(1_500_000)]).toEqual(['4.3', '1.5M']);
    expect([money(0), money(0.003), money(12.4), money(2_500_000)]).toEqual([
      '0.00',
      '< 0.01',
      '12.40',
      '2.5M',
    ]);
  });

  it('show times of the day with seconds where they matter', () => {
    const noon = new Date(2026, 0, 1, 12, 4, 5).getTime();
    expect([clock(noon), clock(noon, false)]).toEqual(['12:04:05', '12:04']);
  });
});
