import { formatCount, formatMs } from '../format.js';
import type { HistogramBar } from '../statistics.js';
import { escapeHtml } from './escape.js';

const width = 560;
const textSize = 12;

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function svg(title: string, height: number, content: string): string {
  const label = escapeHtml(title);
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}"><title>${label}</title>${content}</svg>`;
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escapeHtml(words)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, kind = 'axis'): string {
  return `<line class="${kind}" x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"/>`;
}

function at(value: number): string {
  return value.toFixed(1);
}

/** Frequency of durations on a logarithmic axis, with marks at median, p95 and p99. */
export function distributionPlot(
  title: string,
  bars: readonly HistogramBar[],
  marks: readonly (readonly [name: string, ms: number])[],
): string {
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) return '';
  const frame: Frame = { left: 8, right: width - 8, top: 64, bottom: 178 };
  const [low, high] = [Math.log(first.fromMs), Math.log(last.toMs)];
  const span = high - low || 1;
  const x = (ms: number) => frame.left + ((Math.log(ms) - low) / span) * (frame.right - frame.left);
  const most = Math.max(...bars.map(({ count }) => count));
  // The square root keeps rare long durations visible.
  const y = (count: number) => frame.bottom - Math.sqrt(count / most) * (frame.bottom - frame.top);
  const drawn = bars
    .filter(({ count }) => count > 0)
    .map(({ fromMs, toMs, count }) => {
      const wide = bars.length === 1 ? 8 : Math.max(1, x(toMs) - x(fromMs) - 1);
      const words = `${formatMs(fromMs)} to ${formatMs(toMs)}: ${formatCount(count)}`;
      return `<rect class="bar" x="${at(x(fromMs))}" y="${at(y(count))}" width="${at(wide)}" height="${at(frame.bottom - y(count))}"><title>${escapeHtml(words)}</title></rect>`;
    });
  const marked = marks
    .filter(([, ms]) => ms >= first.fromMs && ms <= last.toMs)
    .map(([name, ms], index) => {
      const near = x(ms);
      const isRight = near > width / 2;
      const height = 14 + index * 16;
      return (
        line(near, height + 4, near, frame.bottom, 'mark') +
        text(
          near + (isRight ? -4 : 4),
          height + textSize,
          `${name} ${formatMs(ms)}`,
          isRight ? 'end' : 'start',
        )
      );
    });
  const axis =
    line(frame.left, frame.bottom, frame.right, frame.bottom) +
    text(frame.left, frame.bottom + 16, formatMs(first.fromMs)) +
    text(frame.right, frame.bottom + 16, formatMs(last.toMs), 'end');
  return svg(title, 200, drawn.join('') + axis + marked.join(''));
}

/** Horizontal bars, the longest over the full width. */
export function barPlot(
  title: string,
  bars: readonly { readonly label: string; readonly value: number; readonly words: string }[],
): string {
  const rowHeight = 40;
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const rows = bars.map(({ label, value, words }, row) => {
    const y = row * rowHeight;
    const wide = Math.max(1, (value / most) * (width - 16));
    return (
      text(8, y + 14, label) +
      text(width - 8, y + 14, words, 'end') +
      `<rect class="bar" x="8" y="${y + 20}" width="${at(wide)}" height="10" rx="2"/>`
    );
  });
  return svg(title, Math.max(1, bars.length) * rowHeight, rows.join(''));
}

/** One run of a trend. */
export interface TrendPoint {
  /** ISO 8601. */
  readonly startedAt: string;
  readonly medianMs: number;
  readonly p95Ms: number;
}

/** Medians over runs, with a band up to p95. The axis begins at 0. */
export function trendPlot(title: string, points: readonly TrendPoint[]): string {
  if (points.length < 2) return '';
  const frame: Frame = { left: 60, right: width - 8, top: 16, bottom: 150 };
  const most = Math.max(...points.map(({ p95Ms }) => p95Ms), Number.MIN_VALUE);
  const x = (index: number) => frame.left + (index / (points.length - 1)) * (frame.right - frame.left);
  const y = (ms: number) => frame.bottom - (ms / most) * (frame.bottom - frame.top);
  const along = (value: (point: TrendPoint) => number) =>
    points.map((point, index) => `${at(x(index))},${at(y(value(point)))}`);
  const medians = along(({ medianMs }) => medianMs);
  const band = [...medians, ...along(({ p95Ms }) => p95Ms).reverse()];
  const dots = points.map(({ startedAt, medianMs, p95Ms }, index) => {
    const words = `${startedAt}: median ${formatMs(medianMs)}, p95 ${formatMs(p95Ms)}`;
    return `<circle class="dot" cx="${at(x(index))}" cy="${at(y(medianMs))}" r="4"><title>${escapeHtml(words)}</title></circle>`;
  });
  const grid = [0, 0.5, 1].map(
    (share) =>
      line(frame.left, y(most * share), frame.right, y(most * share), 'grid') +
      text(frame.left - 6, y(most * share) + 4, formatMs(most * share), 'end'),
  );
  const day = (point: TrendPoint | undefined) => (point?.startedAt ?? '').slice(0, 16).replace('T', ' ');
  const ends =
    text(frame.left, frame.bottom + 18, day(points[0])) +
    text(frame.right, frame.bottom + 18, day(points.at(-1)), 'end');
  return svg(
    title,
    180,
    `${grid.join('')}<polygon class="band" points="${band.join(' ')}"/><polyline class="line" points="${medians.join(' ')}"/>${dots.join('')}${ends}`,
  );
}
