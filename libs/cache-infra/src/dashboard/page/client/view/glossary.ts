import { h } from './dom.js';

const words: readonly (readonly [word: string, meaning: string])[] = [
  ['L1', 'The memory of each instance. A hit takes microseconds and asks no server.'],
  ['Redis', 'The second tier (L2), which all instances share. A hit takes one round trip.'],
  [
    'Load',
    'A run of your loader: the database, the API or the model is asked. Callers of one key share one load.',
  ],
  [
    'Stale',
    'An old value within its grace time, served because the load failed or was slow. It counts as a miss.',
  ],
  [
    'Breaker',
    'Closed: calls reach Redis. Open: Redis failed often, so calls skip it until a probe succeeds.',
  ],
  [
    'Coherence',
    'Armed: the L1 drops a value as soon as another instance changes it. Lost: the L1 was cleared.',
  ],
  ['Journal', 'Changes that did not reach Redis. They are replayed when Redis is back.'],
  [
    'Truth',
    'The share of verified hits whose value was what the origin has now. The bar is the 95 % interval.',
  ],
  ['Key group', 'Keys with a common template: user:1 and user:2 are user:*.'],
];

/** The terms of the page. */
export function glossary(): HTMLElement {
  return h(
    'footer',
    { class: 'foot' },
    h(
      'details',
      {},
      h('summary', { text: 'Words of this page' }),
      h(
        'dl',
        { class: 'words' },
        ...words.map(([dt, dd]) => h('div', {}, h('dt', { text: dt }), h('dd', { text: dd }))),
      ),
    ),
  );
}
