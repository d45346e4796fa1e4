import { seeded } from '../lib/random.mjs';

const words = 'cache entry loader stampede lease grace tag namespace coherence breaker tier value'.split(' ');

/** Typical keys; their number is a power of two. */
export const keys = Array.from({ length: 256 }, (_, i) => `user:${String(i).padStart(4, '0')}:profile`);

/** Sixteen lists of a hundred of these keys. */
export function batchesOf(keys) {
  return Array.from({ length: 16 }, (_, at) =>
    Array.from({ length: 100 }, (_, i) => keys[(at * 31 + i) % keys.length]),
  );
}

/** At least `count` keys; their number is a power of two. */
export function newKeys(prefix, count) {
  return Array.from({ length: 2 ** Math.ceil(Math.log2(count)) }, (_, i) => `${prefix}:${i}`);
}

const random = seeded(42);
const pick = () => words[Math.floor(random() * words.length)];
const text = (count) => Array.from({ length: count }, pick).join(' ');

/** A string of a hundred bytes, different for each key. */
export function string100(i) {
  return `${i} ${text(24)}`.slice(0, 100).padEnd(100, 'x');
}

/** A flat object of ten fields. */
export function object10(id) {
  return {
    id,
    name: text(2),
    email: `${pick()}.${id}@example.com`,
    age: 20 + Math.floor(random() * 60),
    active: random() < 0.5,
    score: random(),
    city: pick(),
    country: null,
    role: pick(),
    createdAt: '2025-01-01T00:00:00.000Z',
  };
}

/** An object with 1,000 bytes of JSON: the default compression threshold. */
export function object1kB(id) {
  const object = {
    ...object10(id),
    tags: [pick(), pick()],
    address: { street: text(3), zip: '12345' },
    bio: '',
  };
  const room = 1000 - JSON.stringify(object).length;
  return { ...object, bio: text(room).slice(0, room) };
}

/**
 * Keys and values of one contender: its keys begin with a letter of its own, and the ids of its values say whose they
 * are.
 *
 * @param {number} index of the contender
 * @param {(id: number) => { id: number }} makeValue
 */
export function ownData(index, makeValue) {
  const letter = String.fromCharCode('a'.charCodeAt(0) + index);
  return {
    letter,
    keys: keys.map((key) => `${letter}:${key}`),
    values: keys.map((_, i) => makeValue(index * 1000 + i)),
    isOwn: (value) => Math.floor(value?.id / 1000) === index,
  };
}
