import type { DashboardState, DashboardTarget } from '../../../state.js';
import type { Place } from '../model/place.js';

/** The connection to the server. */
export type Link =
  | { readonly kind: 'starting' }
  | { readonly kind: 'live' }
  /** By a hidden tab, or by the reader. */
  | { readonly kind: 'paused' }
  | { readonly kind: 'gone'; readonly since: number; readonly reason: string };

/** Everything that is drawn. */
export interface Page {
  readonly state: DashboardState | null;
  readonly place: Place;
  readonly link: Link;
}

/** A part of the page. */
export interface View {
  readonly element: HTMLElement;
  update(page: Page): void;
}

/** What a part of the page can have the others do. */
export interface Actions {
  readonly go: (change: Partial<Place>) => void;
  readonly look: (key: NonNullable<Place['key']>) => void;
  /** Fills in the form of invalidations. */
  readonly aim: (target: DashboardTarget) => void;
  readonly togglePause: () => void;
}
