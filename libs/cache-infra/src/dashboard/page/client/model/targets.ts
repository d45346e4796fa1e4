import type { DashboardPreview, DashboardTarget } from '../../../state.js';
import { count, counted } from './format.js';

export type TargetKind = DashboardTarget['kind'];

/** The kinds of targets: their names, and what to type. */
export const targetKinds: Readonly<Record<TargetKind, { readonly label: string; readonly example: string }>> =
  {
    key: { label: 'Key', example: 'user:42' },
    tag: { label: 'Tag', example: 'users' },
    group: { label: 'Group', example: 'user:*' },
    pattern: { label: 'Pattern', example: 'user:*:profile' },
  };

/** A target of a form. */
export function targetOf(
  kind: TargetKind,
  cache: string,
  text: string,
  namespaces: readonly string[],
): DashboardTarget {
  switch (kind) {
    case 'key':
      return { kind, cache, namespaces, key: text };
    case 'tag':
      return { kind, cache, namespaces, tag: text };
    case 'pattern':
      return { kind, cache, namespaces, pattern: text };
    case 'group':
      return { kind, cache, namespaces, group: text };
  }
}

/** The text of a target, as a form shows it. */
export function textOfTarget(target: DashboardTarget): string {
  switch (target.kind) {
    case 'key':
      return target.key;
    case 'tag':
      return target.tag;
    case 'pattern':
      return target.pattern;
    case 'group':
      return target.group;
  }
}

/** The question before an invalidation. */
export function question(target: DashboardTarget, { count: entries, isComplete }: DashboardPreview): string {
  if (target.kind === 'key')
    return entries === 0 ? 'The key is not there. Invalidate it anyway?' : 'Invalidate this key?';
  if (entries === null) return 'Invalidate all entries with this tag?';
  return `Invalidate ${isComplete ? '' : 'more than '}${counted(entries, 'entry', 'entries')}?`;
}

/** What an invalidation did. */
export function outcome(target: DashboardTarget, removed: number | null): string {
  const what = `${targetKinds[target.kind].label.toLowerCase()} ${textOfTarget(target)}`;
  if (removed === null) return `Invalidated: ${what}. Its entries are misses from now on.`;
  return `Invalidated: ${what}. ${removed === 0 ? 'No entry was there.' : `${count(removed)} removed.`}`;
}
