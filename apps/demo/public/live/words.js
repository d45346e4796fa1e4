/** Cents as a price. */
export function euros(cents) {
  return `€ ${(cents / 100).toFixed(2)}`;
}

/** Milliseconds in words. */
export function time(ms) {
  if (ms < 1) return 'under 1 ms';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The kind of a read: its colour. */
export function kindOf({ source, isOld }) {
  if (source === 'error') return 'error';
  return isOld ? 'old' : source === 'shared' ? 'database' : source;
}

const sources = {
  memory: 'from memory',
  redis: 'from Redis',
  database: 'from the database',
  shared: 'from the query of another shopper',
  stale: 'the last good price',
  error: 'The database did not answer',
};

/** Where a price came from, and how long it took. */
export function originOf({ source, isOld, ms }) {
  const where = isOld ? `an old price, ${sources[source]}` : sources[source];
  return `${where}, ${time(ms)}`;
}

/** The steps of the tour, in the suggested order. `undo` ends the experiment. */
export const steps = [
  {
    action: 'callers',
    title: '100 callers at once',
    text: 'The price expires just when 100 shoppers open the page of each instance.',
  },
  {
    action: 'database-failing',
    title: 'Database fails',
    text: 'The price expires, and every query ends with an error.',
    undo: { action: 'database-fine', title: 'Repair the database' },
    isOn: ({ database }) => database === 'failing',
  },
  {
    action: 'database-slow',
    title: 'Database slow',
    text: 'The price expires, and every query takes 3 seconds.',
    undo: { action: 'database-fine', title: 'Speed it up again' },
    isOn: ({ database }) => database === 'slow',
  },
  {
    action: 'redis-stop',
    title: 'Redis stops',
    text: 'The Redis that both instances share is killed.',
    undo: { action: 'redis-start', title: 'Start Redis' },
    isOn: ({ redis }) => redis === 'stopped',
    needsRedis: true,
  },
  {
    action: 'reprice',
    title: 'Change a price on the other instance',
    text: 'Instance A has just read the price. Instance B makes it € 1 dearer.',
  },
];
