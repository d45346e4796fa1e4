/** A weighted, undirected graph: for each node its neighbours and the weight of the edge. */
export type Graph = readonly ReadonlyMap<number, number>[];

const damping = 0.85;
const tolerance = 1e-6;
const maxIterations = 100;

/**
 * The weight of every node; they add up to 1.
 *
 * Brin and Page (1998), weighted as in Mihalcea and Tarau, "TextRank: Bringing Order into Text" (EMNLP 2004).
 */
export function pageRank(graph: Graph): number[] {
  const size = graph.length;
  const strength = graph.map((neighbours) => sum(neighbours.values()));
  let ranks = graph.map(() => 1 / size);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const isolated = sum(ranks.filter((_, node) => strength[node] === 0));
    const next = graph.map((neighbours) => {
      let received = isolated / size;
      for (const [other, weight] of neighbours) {
        received += ((ranks[other] ?? 0) * weight) / (strength[other] ?? 1);
      }
      return (1 - damping) / size + damping * received;
    });
    const change = sum(next.map((rank, node) => Math.abs(rank - (ranks[node] ?? 0))));
    ranks = next;
    if (change < tolerance) break;
  }
  return ranks;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
