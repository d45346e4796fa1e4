declare module 'vader-sentiment' {
  export interface PolarityScores {
    /** Normalized sum of all valences, -1 to 1. */
    compound: number;
    pos: number;
    neu: number;
    neg: number;
  }

  const vader: { SentimentIntensityAnalyzer: { polarity_scores(text: string): PolarityScores } };
  export default vader;
}
