import { jest } from '@jest/globals';

/** Everything that Jest can fake, but for `Date`. */
const timers = [
  ...(['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
];

/** `Date` stands still until it is told to go on; timers and sockets go on as ever. */
export function fakeDate(): { advance(ms: number): void; restore(): void } {
  jest.useFakeTimers({ doNotFake: [...timers] });
  return {
    advance: (ms) => jest.setSystemTime(Date.now() + ms),
    restore: () => jest.useRealTimers(),
  };
}
