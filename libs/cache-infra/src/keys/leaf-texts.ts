import { sha256 } from './digest.js';
import { quoted } from './quoted-text.js';

/** Binary data up to this many bytes is written as base64url; longer data as its SHA-256. */
const maxInlineBytes = 64;

export function regExpText({ source, flags, lastIndex }: RegExp): string {
  return `!RegExp(${quoted(source)},"${flags}"${lastIndex === 0 ? '' : `,${lastIndex}`})`;
}

export function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '!-0' : String(value);
  return `!${value}`;
}

export function binaryText(value: object, buffer: ArrayBufferLike, offset: number, length: number): string {
  const type = Buffer.isBuffer(value) ? 'Buffer' : Object.prototype.toString.call(value).slice(8, -1);
  const bytes = Buffer.from(buffer, offset, length);
  const content = length > maxInlineBytes ? `sha256:${sha256(bytes)}` : bytes.toString('base64url');
  return `!${type}(${length}:${content})`;
}
