import { windowNames, type WindowName } from '../../../../monitoring/windows/window-report.js';

export const tabs = ['caches', 'groups', 'routes', 'keys', 'tags', 'operations', 'ai', 'instances'] as const;
export type Tab = (typeof tabs)[number];

/** Where a reader is: kept in the hash of the address, so that it can be sent to a colleague. */
export interface Place {
  readonly window: WindowName;
  /** The id of an instance; null = the sum. */
  readonly instance: string | null;
  readonly tab: Tab;
  /** The name of a cache; null = all. */
  readonly cache: string | null;
  readonly search: string;
  /** The cache, key and namespaces of the look-up. */
  readonly key: {
    readonly cache: string;
    readonly key: string;
    readonly namespaces: readonly string[];
  } | null;
}

export const startPlace: Place = {
  window: '5m',
  instance: null,
  tab: 'caches',
  cache: null,
  search: '',
  key: null,
};

/** Reads a hash; takes the default for what it does not know. */
export function readPlace(hash: string): Place {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const key = params.get('key');
  return {
    window: known(windowNames, params.get('window')) ?? startPlace.window,
    instance: params.get('instance'),
    tab: known(tabs, params.get('tab')) ?? startPlace.tab,
    cache: params.get('cache'),
    search: params.get('search') ?? '',
    key:
      key === null
        ? null
        : { cache: params.get('of') ?? '', key, namespaces: params.getAll('namespace').filter(Boolean) },
  };
}

/** The hash of a place, without what is the default. */
export function writePlace(place: Place): string {
  const params = new URLSearchParams();
  if (place.window !== startPlace.window) params.set('window', place.window);
  if (place.instance !== null) params.set('instance', place.instance);
  if (place.tab !== startPlace.tab) params.set('tab', place.tab);
  if (place.cache !== null) params.set('cache', place.cache);
  if (place.search !== '') params.set('search', place.search);
  if (place.key !== null) {
    params.set('of', place.key.cache);
    params.set('key', place.key.key);
    for (const namespace of place.key.namespaces) params.append('namespace', namespace);
  }
  const text = params.toString();
  return text === '' ? '' : `#${text}`;
}

function known<T extends string>(all: readonly T[], value: string | null): T | undefined {
  return all.find((each) => each === value);
}
