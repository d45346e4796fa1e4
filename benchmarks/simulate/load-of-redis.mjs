import { mixture, queue } from '../lib/queueing.mjs';

export const modes = ['tracking', 'broadcast', 'pubsub', 'none'];

/**
 * The load of one Redis at a point of the simulation under a coherence mode: the sum of all costs, and the response
 * time of a command by the queueing formula.
 *
 * @param point rates per second, of the simulation with coherent L1s, or, for `none`, without coherence
 * @param costs seconds, from `measureCosts`
 */
export function loadOfRedis(mode, { rates, messages }, { costs, messages: perMessage }) {
  const { l2Hits, loads, writes } = rates;
  const published = mode === 'pubsub' ? writes + loads : 0;
  const told = messages[mode];
  const kinds = [
    { perSecond: l2Hits, seconds: costs.read },
    { perSecond: loads, seconds: costs.load },
    { perSecond: writes, seconds: mode === 'tracking' ? costs.writeByScript : costs.writeBySet },
    { perSecond: published, seconds: costs.publish },
    { perSecond: told, seconds: perMessage[mode] ?? 0 },
  ];
  const { rate, mean, variation } = mixture(kinds);
  // A load is a GET and two scripts.
  const commands = l2Hits + 3 * loads + writes + published;
  return { commands, messages: told, ...queue(rate, mean, variation) };
}

/** Where the line through the points on logarithmic axes crosses `level`; undefined = outside of the points. */
export function crossing(points, level) {
  for (let i = 1; i < points.length; i++) {
    const [low, high] = [points[i - 1], points[i]];
    if (low.y < level && high.y >= level) {
      const part = Math.log(level / low.y) / Math.log(high.y / low.y);
      return low.x * (high.x / low.x) ** part;
    }
  }
  return points[0] !== undefined && points[0].y >= level ? points[0].x : undefined;
}
