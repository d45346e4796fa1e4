import { Productions } from './productions.js';

describe('Productions', () => {
  it('shares one production among overlapping calls, and drops it after the last', async () => {
    const productions = new Productions();
    await productions.during('k', async (outer) => {
      await productions.during('k', (inner) => {
        expect(inner).toBe(outer);
        expect(inner.callers).toBe(2);
        return Promise.resolve();
      });
      expect(productions.size).toBe(1);
    });

    expect(productions.size).toBe(0);
  });

  it('drops a production that fails', async () => {
    const productions = new Productions();
    const failing = productions.during('k', () => Promise.reject(new Error('no')));

    await expect(failing).rejects.toThrow('no');
    expect(productions.size).toBe(0);
  });

  it('shares nothing between different keys', async () => {
    const productions = new Productions();
    await productions.during('a', async (a) => {
      await productions.during('b', (b) => {
        expect(b).not.toBe(a);
        return Promise.resolve();
      });
    });
  });
});
