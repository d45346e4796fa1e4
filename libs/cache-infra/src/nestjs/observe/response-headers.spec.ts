import { describe, expect, it } from '@jest/globals';
import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

import { emptyActivity } from '../../cache/observe/activity.js';
import { appendHeader, beforeHeaders, cacheStatus, isRawResponse, serverTiming } from './response-headers.js';

const none = emptyActivity();

function response(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

describe('Cache-Status (RFC 9211)', () => {
  it.each([
    [{ hits: 1, l1Hits: 1 }, 'nestjs-cache-infra; hit; detail=l1'],
    [{ hits: 1, l2Hits: 1 }, 'nestjs-cache-infra; hit; detail=l2'],
    [{ hits: 2, l1Hits: 1, l2Hits: 1 }, 'nestjs-cache-infra; hit; detail="l1,l2"'],
    [{ hits: 1 }, 'nestjs-cache-infra; hit'],
    [{ misses: 1 }, 'nestjs-cache-infra; fwd=miss; detail="hits=0,misses=1"'],
    [
      { hits: 2, l1Hits: 2, misses: 1, sets: 1 },
      'nestjs-cache-infra; fwd=miss; stored; detail="hits=2,misses=1"',
    ],
    [{ sets: 1 }, undefined],
    [{}, undefined],
  ])('%j is %s', (done, expected) => {
    expect(cacheStatus({ ...none, ...done })).toBe(expected);
  });
});

describe('Server-Timing', () => {
  it('leaves the time of loaders out, and never goes below 0', () => {
    expect(serverTiming({ ...none, misses: 1, durationMs: 10.26, loadMs: 9 })).toBe(
      'cache;dur=1.3;desc="hits=0,misses=1"',
    );
    expect(serverTiming({ ...none, hits: 1, durationMs: 1, loadMs: 9 })).toBe(
      'cache;dur=0.0;desc="hits=1,misses=0"',
    );
    expect(serverTiming(none)).toBeUndefined();
  });
});

describe('the last moment for headers', () => {
  it('is when the response ends, once', () => {
    const raw = response();
    let calls = 0;
    beforeHeaders(raw, () => (calls += 1));
    expect(calls).toBe(0);
    raw.end('x');
    expect(calls).toBe(1);
  });

  it('is never after the headers were sent', () => {
    const raw = response();
    raw.flushHeaders();
    beforeHeaders(raw, () => raw.setHeader('X', '1'));
    expect(() => raw.end()).not.toThrow();
  });

  it('appends to a header that is a list already', () => {
    const raw = response();
    raw.setHeader('Cache-Status', ['Origin; hit', 'Edge; fwd=miss']);
    appendHeader(raw, 'Cache-Status', 'mine; hit');
    appendHeader(raw, 'Cache-Status', undefined);
    appendHeader(raw, 'Server-Timing', 'db');
    expect(raw.getHeader('Cache-Status')).toBe('Origin; hit, Edge; fwd=miss, mine; hit');
    expect(raw.getHeader('Server-Timing')).toBe('db');
  });

  it('recognizes a response', () => {
    expect(isRawResponse(response())).toBe(true);
    expect([undefined, null, 'x', {}].map((it) => isRawResponse(it))).toEqual([false, false, false, false]);
  });
});
