import { Injectable } from '@nestjs/common';
import type { CacheLogger } from 'nestjs-cache-infra';
import type { LogLine } from './live-state.js';

/** Lines that the page keeps. */
const kept = 30;

/** What has happened in the live demo, the newest last. */
@Injectable()
export class LiveLog {
  #lines: readonly LogLine[] = [];
  #told = 0;

  lines(): readonly LogLine[] {
    return this.#lines;
  }

  tell(text: string): void {
    this.#told += 1;
    const line: LogLine = { number: this.#told, at: new Date().toISOString(), text };
    this.#lines = [...this.#lines, line].slice(-kept);
  }

  clear(): void {
    this.#lines = [];
  }

  /** A logger for the cache of an instance: it tells when Redis is lost and found again. */
  of(instance: string): CacheLogger {
    const log = (message: string): void => {
      this.tell(`Instance ${instance}: ${message}`);
    };
    return { log, warn: log };
  }
}
