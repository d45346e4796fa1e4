import { seeded } from '../lib/random.mjs';

const words = 'cache entry loader stampede lease grace tag namespace coherence breaker tier value'.split(' ');

/** Typical keys; their number is a power of two. */
export const keys = Array.from({ length: 256 }, (_, i) => `user:${String(i).padStart(4, '0')}:profile`);

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
