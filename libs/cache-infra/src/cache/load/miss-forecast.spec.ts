import { MissForecast } from './miss-forecast.js';

describe('MissForecast', () => {
  it('expects misses of a cache that has not looked yet', () => {
    expect(new MissForecast().expectsMiss).toBe(true);
  });

  it('expects hits after many of them, and misses again once a quarter of the looks miss', () => {
    const forecast = new MissForecast();
    for (let i = 0; i < 100; i++) forecast.noted(false);
    expect(forecast.expectsMiss).toBe(false);
    for (let i = 0; i < 200; i++) forecast.noted(i % 2 === 0);
    expect(forecast.expectsMiss).toBe(true);
  });
});
