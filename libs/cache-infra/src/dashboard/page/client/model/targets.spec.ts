import type { DashboardTarget } from '../../../state.js';
import { outcome, question, targetOf, textOfTarget, type TargetKind } from './targets.js';

const preview = (count: number | null, isComplete = true) => ({ count, isComplete, examples: [] });

describe('targets of an invalidation', () => {
  it.each<[TargetKind, DashboardTarget]>([
    ['key', { kind: 'key', cache: 'c', namespaces: ['n'], key: 'x' }],
    ['tag', { kind: 'tag', cache: 'c', namespaces: ['n'], tag: 'x' }],
    ['pattern', { kind: 'pattern', cache: 'c', namespaces: ['n'], pattern: 'x' }],
    ['group', { kind: 'group', cache: 'c', namespaces: ['n'], group: 'x' }],
  ])('%s: from a form and back', (kind, target) => {
    expect(targetOf(kind, 'c', 'x', ['n'])).toEqual(target);
    expect(textOfTarget(target)).toBe('x');
  });

  it('are asked about by how many entries they would remove', () => {
    const group = targetOf('group', 'c', 'user:*', []);
    expect(question(group, preview(1204))).toBe('Invalidate 1,204 entries?');
    expect(question(group, preview(1))).toBe('Invalidate 1 entry?');
    expect(question(group, preview(10_000, false))).toBe('Invalidate more than 10,000 entries?');
    expect(question(targetOf('tag', 'c', 't', []), preview(null))).toBe(
      'Invalidate all entries with this tag?',
    );
    expect(question(targetOf('key', 'c', 'k', []), preview(1))).toBe('Invalidate this key?');
    expect(question(targetOf('key', 'c', 'k', []), preview(0))).toContain('not there');
  });

  it('are reported on', () => {
    const pattern = targetOf('pattern', 'c', 'a*', []);
    expect(outcome(pattern, 3)).toBe('Invalidated: pattern a*. 3 removed.');
    expect(outcome(pattern, 0)).toBe('Invalidated: pattern a*. No entry was there.');
    expect(outcome(targetOf('tag', 'c', 't', []), null)).toBe(
      'Invalidated: tag t. Its entries are misses from now on.',
    );
  });
});
