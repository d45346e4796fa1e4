import { awaySince, cachesOf, marks, toldEvents } from './events.js';

describe('events', () => {
  const outage = (name: string, at: number) => ({
    name,
    events: [
      { at: at + 60_000, event: 'recovered' as const },
      { at, event: 'degraded' as const },
    ],
  });

  it('are told newest first, and one outage of several caches is one event', () => {
    const told = toldEvents([outage('a', 1000), outage('b', 1400), outage('c', 30_000)]);
    expect(told.map(({ at, event, caches }) => [at, event, caches])).toEqual([
      [90_000, 'recovered', ['c']],
      [61_000, 'recovered', ['a', 'b']],
      [30_000, 'degraded', ['c']],
      [1000, 'degraded', ['a', 'b']],
    ]);
  });

  it('name a few of their caches', () => {
    const [event] = toldEvents(
      ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, events: [{ at: 1, event: 'degraded' }] })),
    );
    expect(event && cachesOf(event)).toBe('a, b, c and 2 more');
  });

  it('tell since when Redis is away, unless it came back', () => {
    const [{ events }] = [outage('a', 1000)];
    expect(awaySince(events)).toBeUndefined();
    expect(
      awaySince([{ at: 70_000, event: 'degraded' }, { at: 71_000, event: 'breakerOpen' }, ...events]),
    ).toBe(70_000);
    expect(awaySince([])).toBeUndefined();
  });
});

describe('marks in a curve', () => {
  it('stand where their events were; those that touch are one, in the colour of the worst', () => {
    const told = toldEvents([
      {
        name: 'a',
        events: [
          { at: 99_000, event: 'coherenceRestored' },
          { at: 51_000, event: 'degraded' },
          { at: 50_500, event: 'coherenceRestored' },
          { at: 9000, event: 'breakerOpen' },
        ],
      },
    ]);
    const found = marks(told, { from: 10_000, to: 110_000 });
    expect(found.map(({ place, mood, events }) => [place, mood, events.length])).toEqual([
      [0.405, 'bad', 2],
      [0.89, 'good', 1],
    ]);
  });
});
