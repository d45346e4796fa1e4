/** How serious something is, from which its colour follows. `idle`: there is nothing to judge. */
export type Mood = 'good' | 'warn' | 'bad' | 'idle';
