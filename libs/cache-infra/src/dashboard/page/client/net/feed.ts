import type { DashboardState } from '../../../state.js';
import { getState, instanceQuery } from './api.js';

export interface FeedEvents {
  onState(state: DashboardState): void;
  onGone(reason: string): void;
}

/** Milliseconds without a message after which the server counts as gone: it sends one every two seconds. */
const silence = 7000;
const firstRetry = 1000;
const longestRetry = 10_000;

/** The states of one instance, or of the sum, as the server sends them. Reconnects until it is closed. */
export class Feed {
  private source: EventSource | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private pause = firstRetry;
  private isClosed = false;

  constructor(
    private readonly instance: string | null,
    private readonly events: FeedEvents,
  ) {
    this.open();
  }

  close(): void {
    this.isClosed = true;
    this.stop();
  }

  private open(): void {
    this.stop();
    const source = new EventSource(`api/events${instanceQuery(this.instance)}`);
    this.source = source;
    this.watch();
    source.addEventListener('message', ({ data }: MessageEvent<string>) => {
      this.pause = firstRetry;
      this.watch();
      this.events.onState(JSON.parse(data) as DashboardState);
    });
    source.addEventListener('error', () => void this.fail());
  }

  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => void this.fail(), silence);
  }

  /**
   * An event source hides why it failed: a plain request tells. If that one is answered, a proxy may hold events back:
   * the page then lives on plain requests.
   */
  private async fail(): Promise<void> {
    this.stop();
    const answer = await getState(this.instance).catch((error: unknown) => error as Error);
    if (this.isClosed) return;
    if (answer instanceof Error) {
      this.events.onGone(answer.message);
      this.retry = setTimeout(() => this.open(), this.pause);
      this.pause = Math.min(this.pause * 2, longestRetry);
    } else {
      this.events.onState(answer);
      this.retry = setTimeout(() => this.open(), firstRetry);
    }
  }

  private stop(): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.retry);
    this.source?.close();
    this.source = undefined;
  }
}
