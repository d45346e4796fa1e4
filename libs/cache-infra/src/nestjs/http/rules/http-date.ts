const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const time = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

/** RFC 9110 §5.6.7: IMF-fixdate, and the two obsolete forms. */
const forms = [
  new RegExp(`^[a-z]{3}, (?<day>\\d\\d) (?<month>[a-z]{3}) (?<year>\\d{4}) ${time} gmt$`, 'i'),
  new RegExp(`^[a-z]{6,9}, (?<day>\\d\\d)-(?<month>[a-z]{3})-(?<year>\\d\\d) ${time} gmt$`, 'i'),
  new RegExp(`^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`, 'i'),
];

/**
 * Milliseconds since the Unix epoch; undefined for anything but an HTTP date. `now` determines the century of a
 * two-digit year.
 */
export function parseHttpDate(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  for (const form of forms) {
    const { day, month = '', year = '', hour, minute, second } = form.exec(text.trim())?.groups ?? {};
    if (day === undefined) continue;
    const index = months.indexOf(month.toLowerCase());
    if (index === -1) return undefined;
    const ms = Date.UTC(
      fullYear(year, now),
      index,
      Number(day),
      Number(hour),
      Number(minute),
      Number(second),
    );
    return Number.isNaN(ms) ? undefined : ms;
  }
  return undefined;
}

/** A two-digit year more than 50 years ahead is in the past (RFC 9110 §5.6.7). */
function fullYear(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}

/** Formats a time as IMF-fixdate. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}
