/**
 * The cases to run, in the order of `known`.
 *
 * @param {readonly string[]} known names of cases; the first word of a name is its group
 * @param {readonly string[]} [wanted] names of cases or groups; default: all
 * @throws Error that names what is neither a case nor a group
 */
export function selectCases(known, wanted) {
  if (wanted === undefined) return known;
  const groupOf = (name) => name.split('-')[0];
  const unknown = wanted.filter((word) => !known.some((name) => name === word || groupOf(name) === word));
  if (unknown.length > 0)
    throw new Error(`Unknown: ${unknown.join(', ')}. Cases: ${known.join(', ')}. Groups: ${groups(known)}.`);
  return known.filter((name) => wanted.includes(name) || wanted.includes(groupOf(name)));

  function groups(names) {
    return [...new Set(names.map(groupOf))].join(', ');
  }
}
