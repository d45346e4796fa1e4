import { percentDecoded } from '../../keys/namespace.js';
import { FrequentElements, FrequentInWindows } from './frequent.js';
import type { WindowName } from './window-report.js';

/** Keys and tags beyond are cut: a sketch of long keys must not take more memory. */
const maxLength = 120;
const mostTop = 20;
/** Caches whose keys are told apart within a second; further ones share one summary, by their name in its ids. */
const maxCaches = 16;

/** Stands before and after the namespace of a key. Paths of namespaces have no control characters. */
const mark = '\0';

interface CountedKey {
  readonly cache: string;
  /** From the outermost to the innermost; empty = the root. */
  readonly namespaces: readonly string[];
  readonly key: string;
  readonly count: number;
}

interface Named {
  readonly cache: string;
  readonly name: string;
  readonly count: number;
}

/**
 * The keys that are read most, per window. Reads go to a small summary per cache; once a second its counts move on to
 * the windows, so that a read costs one summary, not four.
 */
export class TopKeys {
  readonly #now = new Map<string, FrequentElements>();
  readonly #windows = new TopNames();

  /** `namespace`: the path; empty or undefined = the root. */
  record(
    { cache, namespace = '' }: { readonly cache: string; readonly namespace?: string | undefined },
    key: string,
    reads: number,
  ): void {
    let elements = this.#now.get(cache);
    if (elements === undefined) {
      if (this.#now.size === maxCaches) return;
      elements = new FrequentElements(64);
      this.#now.set(cache, elements);
    }
    elements.add(nameOf(namespace, key), reads);
  }

  /** Moves the reads of the last second on to the windows. */
  tick(second: number): void {
    for (const [cache, elements] of this.#now) {
      for (const { id, count } of elements.entries()) this.#windows.record(second, cache, id, count);
      elements.clear();
    }
  }

  top(window: WindowName, second: number): CountedKey[] {
    return this.#windows
      .top(window, second)
      .map(({ cache, name, count }) => ({ cache, ...keyOf(name), count }));
  }

  clear(): void {
    this.#now.clear();
    this.#windows.clear();
  }
}

/** The key with its namespace as one text. */
function nameOf(namespace: string, key: string): string {
  return namespace === '' && !key.startsWith(mark) ? key : `${mark}${namespace}${mark}${key}`;
}

/** The inverse of {@link nameOf}. The name may be cut. */
function keyOf(name: string): Pick<CountedKey, 'namespaces' | 'key'> {
  const end = name.startsWith(mark) ? name.indexOf(mark, 1) : -1;
  if (end === -1) return { namespaces: [], key: name };
  const path = name.slice(1, end);
  return { namespaces: path === '' ? [] : path.split('/').map(percentDecoded), key: name.slice(end + 1) };
}

/** The most frequent names (keys, tags) of caches, per window. */
export class TopNames {
  readonly #windows = new FrequentInWindows();

  record(second: number, cache: string, name: string, count: number): void {
    this.#windows.add(second, `${String(cache.length)} ${cache}${cut(name)}`, count);
  }

  top(window: WindowName, second: number): Named[] {
    return this.#windows.top(window, second, mostTop).map(({ id, count }) => {
      const space = id.indexOf(' ');
      const end = space + 1 + Number(id.slice(0, space));
      return { cache: id.slice(space + 1, end), name: id.slice(end), count };
    });
  }

  clear(): void {
    this.#windows.clear();
  }
}

/** A copy of the beginning: a slice would hold the whole text in memory. */
function cut(name: string): string {
  if (name.length <= maxLength) return name;
  return `${Buffer.from(name.slice(0, maxLength), 'utf16le').toString('utf16le')}…`;
}
