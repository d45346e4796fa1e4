// What was tried for goals that were missed, by case. Measured on two busy cores; CPU time: of the process, the lowest
// tenth of a run, the median of three runs.
const scripts =
  'Time in Redis for 16 values of 1 kB: 16 `SET` 30 µs; a script that gets them and does nothing 37 µs; one that ' +
  'only sets them 94 µs; `setScript` 123 µs, with tracking 126 µs; `storeLoadedScript` 171 µs. ';
const sending =
  'A script of 16 values is made into bytes in 32 µs, by the command of ioredis in 84 µs. A full batch is sent while ' +
  'the next values are encoded. ';

/** @type {Record<string, string>} */
export const tried = {
  'redis-set-many':
    scripts +
    sending +
    'With both, and without a promise for each entry, a call takes 2.9 ms of CPU time instead of 3.5 ms. ' +
    'All values in one argument, cut apart in Redis: 143 µs instead of 94 µs in Redis, not kept.',
  'redis-two-tier-set-32':
    scripts +
    sending +
    'With both, and without closures for each entry, a `set` takes 56 µs of CPU time instead of 59 µs.',
  'redis-two-tier-set-small-32':
    'Redis is the bottleneck: 18 µs for each `set`, of which `SET` takes 2.9 µs. ' +
    'The rest is the script, and the tracking of the key before and after the change. ' +
    'The changes of `set` with 1 kB show no difference here.',
  'redis-cold-32':
    scripts +
    sending +
    'With both, a load takes 78 µs of CPU time instead of 80 µs. Local names in the script: 154 µs instead of 171 µs ' +
    'at best, and no difference in the median, not kept.',
  'redis-two-tier-cold-32':
    scripts +
    sending +
    'With both, a load takes 98 µs of CPU time instead of 105 µs. ' +
    'The tracking of keys doubles the time in Redis: 48 µs for each load instead of 23 µs.',
  'redis-get-many':
    'The parsing of JSON, which is done by hand, too, takes 37 % of the CPU time; the checksum 7 %. ' +
    'Nothing was changed.',
  'redis-get-or-set-1':
    'The system call that sends the command takes 50 % of the CPU time, by hand 58 %. Nothing was changed.',
  'l1-cold':
    'Signals, controllers, contexts and plans are made when a loader or a caller asks for them, and the whole ' +
    'load is one async function: the ratio was 0.09 before. The rest is what makes a load safe: single ' +
    'flight, the promise of the callers, the check for invalidations, and two records for the monitor.',
  'redis-get-1':
    'The system call that sends the command takes 41 % of the CPU time, and is made by hand, too. Nothing was ' +
    'changed.',
  'redis-get-or-set-32':
    'The decoding of the entry takes 25 % of the CPU time, most of it `JSON.parse`, which is called by hand, ' +
    'too; the checksum takes 6 %. Nothing was changed.',
  'redis-get-or-set-256':
    'The decoding of the entry takes 29 % of the CPU time, most of it `JSON.parse`, which is called by hand, ' +
    'too; the checksum takes 6 %. Nothing was changed.',
  'redis-get-many-8':
    'The decoding of the entries takes 48 % of the CPU time, most of it `JSON.parse`, which is called by ' +
    'hand, too; the checksum takes 11 %. Nothing was changed.',
  'nest-http':
    'An interceptor that gives a constant, and does nothing else, reaches 0.90. The library itself takes 7 % ' +
    'of the CPU time.',
  import:
    'The library is one file per entry point and shared chunks: it adds about 40 ms to NestJS, whose own ' +
    'import takes longer than the goal.',
};
