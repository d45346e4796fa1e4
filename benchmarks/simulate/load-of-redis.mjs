import { mixture, queue } from '../lib/queueing.mjs';

export const modes = ['tracking', 'broadcast', 'pubsub', 'none'];

/**
 * What a point of the simulation asks of one Redis under a coherence mode: the sums of what everything costs, and by the queueing
 * formula how long a command takes in it.
 *
 * @param point rates a second, of the simulation with L1s that hear of changes, or, for `none`, that do not
 * @param costs seconds, as `measureCosts` gives them
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

/** Where a line through points, straight on logarithmic axes, crosses `level`; undefined = not within them. */
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
