import { jest } from '@jest/globals';
import { composeCallbacks } from './compose-callbacks.js';

describe('seed S6.73 composeCallbacks', () => {
  it('calls every callback with the same arguments', () => {
    const callbacks = [jest.fn(), jest.fn(), jest.fn()];
    const composed = composeCallbacks<[string, { key: string }]>(...callbacks);

    void composed('test_arg', { key: 'test_value' });

    for (const callback of callbacks) {
      expect(callback.mock.calls).toEqual([['test_arg', { key: 'test_value' }]]);
    }
  });

  it('returns the results in order', () => {
    const composed = composeCallbacks<[number]>(
      (n) => n + 1,
      () => 'two',
      () => undefined,
    );

    expect(composed(1)).toEqual([
      { status: 'fulfilled', value: 2 },
      { status: 'fulfilled', value: 'two' },
      { status: 'fulfilled', value: undefined },
    ]);
  });

  it('turns an error into an error entry and goes on', () => {
    const broken = new Error('Callback error');
    const composed = composeCallbacks(
      () => {
        throw broken;
      },
      () => 'still called',
    );

    expect(composed()).toEqual([
      { status: 'rejected', reason: broken },
      { status: 'fulfilled', value: 'still called' },
    ]);
  });

  it('keeps an async callback in its place as a promise of its entry', async () => {
    const composed = composeCallbacks(
      async () => 'late',
      () => 'early',
    );

    const entries = composed();

    expect(entries[1]).toEqual({ status: 'fulfilled', value: 'early' });
    expect(await entries[0]).toEqual({ status: 'fulfilled', value: 'late' });
  });

  it('leaves no rejection unhandled, also if no caller awaits the entries', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    const composed = composeCallbacks(() => Promise.reject(new Error('async')));

    void composed();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);

    expect(unhandled).not.toHaveBeenCalled();
  });

  it('turns a thenable that throws into an error entry', async () => {
    const broken = new Error('then');
    const thenable = {
      then() {
        throw broken;
      },
    };

    const [entry] = composeCallbacks(() => thenable)();

    expect(await entry).toEqual({ status: 'rejected', reason: broken });
  });

  it('does nothing without callbacks', () => {
    expect(composeCallbacks()()).toEqual([]);
  });
});
