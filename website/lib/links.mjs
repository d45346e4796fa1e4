// Links of a page: to other pages, and to files of the repository that are no pages.
import { dirname, join, normalize } from 'node:path';

/**
 * The address of a link on a page: a file or folder that is no page of `docs` is shown by the host of the repository.
 *
 * @param {string} target as the page has it
 * @param {string} from path of the page in `docs`, as `recipes/lock.md`
 * @param {string} repository address of the repository
 */
export function linkFrom(target, from, repository) {
  if (target.startsWith('#') || /^[a-z]+:/.test(target)) return target;
  const [path, anchor] = target.split('#');
  const file = normalize(join('docs', dirname(from), path));
  if (file.startsWith('docs/') && file.endsWith('.md')) return target;
  const kind = file.endsWith('/') ? 'tree' : 'blob';
  return `${repository}/${kind}/main/${file.replace(/\/$/, '')}${anchor === undefined ? '' : `#${anchor}`}`;
}

const label = /\[(?:[^[\]`]|`[^`\n]*`|!\[[^\]]*\]\([^)]*\))*\]/.source;
const parts = [
  /(?<code>^```.*?^```$)/.source,
  // An image stays, and so does code. A link may have code in its label.
  `(?<image>!${label}\\([^)\\s]+\\))`,
  `(?<link>${label}\\()(?<target>[^)\\s]+)(?=\\))`,
  /(?<inline>`[^`\n]*`)/.source,
  /(?<definition>^\[[^\]]+\]: )(?<place>\S+)/.source,
];

/** The text of a page with the target of each link changed by `change`. Code and images stay. */
export function withLinks(text, change) {
  return text.replaceAll(new RegExp(parts.join('|'), 'gms'), (...args) => {
    const { link, target, definition, place } = args.at(-1);
    if (link !== undefined) return link + change(target);
    return definition === undefined ? args[0] : definition + change(place);
  });
}
