import { fileURLToPath } from 'node:url';

/**
 * Self time of a CPU profile by function. Lines refer to the built library.
 *
 * @param {object} profile the output of `node --cpu-prof`
 * @returns {{ name: string, place: string, share: number }[]} largest first; shares (0-1) of the non-idle time
 */
export function selfTimes(profile, root) {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = new Map();
  let busy = 0;
  profile.samples.forEach((id, at) => {
    const { functionName, url, lineNumber } = byId.get(id).callFrame;
    if (functionName === '(idle)') return;
    const took = Math.max(0, profile.timeDeltas[at]);
    busy += took;
    const place = url === '' ? '' : `${placeOf(url, root)}:${lineNumber + 1}`;
    const name = functionName || '(anonymous)';
    const label = `${name}\0${place}`;
    times.set(label, (times.get(label) ?? 0) + took);
  });
  return [...times]
    .map(([label, time]) => {
      const [name, place] = label.split('\0');
      return { name, place, share: time / busy };
    })
    .sort((one, other) => other.share - one.share);
}

/** A path within the repository, or a module of Node. */
export function placeOf(url, root) {
  if (!url.startsWith('file:')) return url;
  const path = fileURLToPath(url);
  return path.startsWith(root) ? path.slice(root.length).replace(/^\//, '') : path;
}

/** Self time by place: folders of the library, packages, Node, engine. */
export function timesByArea(functions) {
  const times = new Map();
  for (const { name, place, share } of functions) {
    const area = areaOf(name, place);
    times.set(area, (times.get(area) ?? 0) + share);
  }
  return [...times].map(([area, share]) => ({ area, share })).sort((one, other) => other.share - one.share);
}

function areaOf(name, place) {
  if (name === '(garbage collector)') return 'garbage collection';
  const own = /libs\/cache-infra\/dist\/([^/]+)\//.exec(place);
  if (own !== null) return `library: ${own[1]}/`;
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(place);
  if (dependency !== null) return dependency[1];
  if (place.startsWith('node:')) return 'Node';
  if (place.startsWith('benchmarks/')) return 'the benchmark';
  return 'the engine, system calls';
}
