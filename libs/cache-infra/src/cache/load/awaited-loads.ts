import type { LoadContext } from '../contract/options.js';
import { LoadDecisions } from './load-decisions.js';

/** Identifies a load: its loader runs once, and its callers share what the loader gives. */
export type LoadIdentity = object;

const watchers = new WeakMap<AbortSignal, (load: LoadIdentity) => void>();

/**
 * Tells `watcher` each load that the `getOrSet` call with this signal waits for, whether the call starts or joins it. A
 * call that finds its value waits for none.
 *
 * `signal`: the very signal of the call's options, and of no other call.
 */
export function watchLoad(signal: AbortSignal, watcher: (load: LoadIdentity) => void): void {
  watchers.set(signal, watcher);
}

/** A call with this signal waits for `load` from now on. */
export function awaits(signal: AbortSignal, load: LoadIdentity): void {
  watchers.get(signal)?.(load);
}

/** The load whose loader has this context. Undefined for the context of another cache. */
export function loadOf(context: Partial<LoadContext>): LoadIdentity | undefined {
  return LoadDecisions.flightOf(context);
}
