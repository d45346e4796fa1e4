import { readPlace, startPlace, writePlace, type Place } from './place.js';

describe('the place of a reader in the hash', () => {
  const far: Place = {
    ...{ window: '24h', instance: 'a b#c', tab: 'groups', cache: 'products', search: 'user:* &x=1' },
    key: { cache: 'sessions', key: '<img onerror=1>#&=%', namespaces: ['tenant', 'ä/ö'] },
  };

  it('is empty at the start', () => expect(writePlace(startPlace)).toBe(''));

  it('is read as it was written', () => {
    expect(readPlace(writePlace(far))).toEqual(far);
    expect(readPlace('')).toEqual(startPlace);
  });

  it('takes the default for what it does not know', () => {
    expect(readPlace('#window=7y&tab=nothing&main')).toEqual(startPlace);
  });
});
