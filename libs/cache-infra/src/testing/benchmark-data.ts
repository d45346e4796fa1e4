/** One record of benchmark data. */
export interface BenchmarkRecord {
  readonly key: string;
  readonly value: {
    readonly id: number;
    readonly name: string;
    readonly tags: readonly string[];
    readonly text: string;
  };
}

const words = ['lamp', 'desk', 'chair', 'shelf', 'sofa', 'table', 'mirror', 'clock'] as const;

/** Records of different sizes, identical on every call. */
export function benchmarkData(count = 50): BenchmarkRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const word = words[index % words.length] ?? 'lamp';
    return {
      key: `benchmark:${String(index)}`,
      value: {
        id: index,
        name: `${word} ${String(index)}`,
        tags: [word, index % 2 === 0 ? 'even' : 'odd'],
        text: `${word} `.repeat(10 + (index % 10) * 10),
      },
    };
  });
}
