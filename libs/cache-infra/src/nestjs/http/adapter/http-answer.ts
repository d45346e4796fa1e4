import { GatewayTimeoutException, HttpException } from '@nestjs/common';

import type { LoadContext } from '../../../cache/contract/options.js';
import type { RequestDirectives } from '../rules/cache-control.js';
import { currentAge, secondsLeft, standsInForError, useOf } from '../rules/freshness.js';
import { failureStatus, HandlerFailure, standInStatuses } from './handler-failure.js';
import { runHandler, type Outcome, type RunParts } from './handler-run.js';
import { hitStatus, httpCacheStatus, type ForwardReason, type Handling } from '../rules/http-cache-status.js';
import type { EdgeTagSettings } from '../rules/edge-fields.js';
import type { FieldValue } from '../rules/header-fields.js';
import type { HttpCaches } from './http-caches.js';
import type { SentHeaders } from './sent-headers.js';
import type { Head } from './http-exchange.js';
import type { PrimaryKey } from '../rules/http-primary-key.js';
import { isContainer, type JsonMethod } from './json-text.js';
import { returnedValue, type StoredBody } from '../rules/stored-body.js';
import { mutable, type StoredResponse } from '../rules/stored-response.js';
import { isNotModified } from '../rules/validators.js';
import { storedTtl, type Found, type Shared, type Variants } from '../rules/variants.js';
import { fingerprintOf } from '../rules/vary.js';

/** The collaborators of one response. */
export interface AnswerParts extends RunParts {
  readonly caches: HttpCaches;
  readonly variants: Variants;
  readonly key: PrimaryKey;
  readonly wants: RequestDirectives;
  /** Counts the request for its route, as a hit or a miss. */
  readonly recordRequest: (result: 'hit' | 'miss') => void;
  /**
   * The `res.json()` that sends the body unchanged, so that the stored JSON text can be sent without parsing. Undefined
   * if the value must be the object.
   */
  readonly textSender: JsonMethod | undefined;
}

/** A run of the handler for one request. */
interface Run {
  started: boolean;
  outcome?: Outcome;
  /** Settles when the client must receive the response before the cache can decide whether to store it. */
  readonly answersFirst: Promise<typeof unsettled>;
  readonly answerFirst: () => void;
}

const unsettled = Symbol('unsettled');

function newRun(): Run {
  let answerFirst!: () => void;
  const answersFirst = new Promise<typeof unsettled>((resolve) => {
    answerFirst = () => {
      resolve(unsettled);
    };
  });
  return { started: false, answersFirst, answerFirst };
}

/** The response to one GET or HEAD request: from the cache, or from the handler. */
export class HttpAnswer {
  readonly #parts: AnswerParts;
  #head: Head | undefined;
  #answered = false;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** The response before the handler or a stored response modifies it; read at first use. */
  get #before(): Head {
    return (this.#head ??= this.#parts.exchange.head());
  }

  /** The value that the handler returned, in this request or in the one whose response was stored. */
  async value(): Promise<unknown> {
    try {
      return await this.#answer();
    } finally {
      this.#answered = true;
    }
  }

  async #answer(): Promise<unknown> {
    const { wants, exchange, caches, variants, store } = this.#parts;
    if (wants.noStore) return this.#uncached('request', 'no-store');
    const start = performance.now();
    const found = await variants.find().catch((error: unknown) => {
      caches.report(error);
    });
    if (found === undefined) return this.#uncached('bypass', 'cache-error');

    const { response } = found;
    const use = response === undefined ? 'forward' : useOf(response, wants, this.#now());
    this.#count(use === 'forward' ? undefined : found.tier, start);
    if (response !== undefined && use !== 'forward') {
      if (use === 'serve') return this.#replay(response);
      const hasFailed = store.revalidations.hasFailed(this.#revalidationId(found));
      this.#revalidateLater(found);
      return this.#replay(response, hasFailed ? { detail: 'revalidation-failed' } : undefined);
    }
    const fwd = this.#reason(found);
    if (wants.onlyIfCached) {
      this.#addCacheStatus({ fwd, detail: 'only-if-cached' });
      throw new GatewayTimeoutException();
    }
    // A response to HEAD is not stored: the handler may omit the body.
    return exchange.method === 'HEAD' ? this.#uncached(fwd) : this.#load(found, fwd);
  }

  /** Counts one hit or one miss per request. */
  #count(tier: Found['tier'], start: number): void {
    const { store, key, recordRequest } = this.#parts;
    store.recordRead(key.text, tier, start);
    recordRequest(tier === undefined ? 'miss' : 'hit');
  }

  #reason({ response, knowsUrl }: Found): ForwardReason {
    if (response === undefined) return knowsUrl ? 'vary-miss' : 'uri-miss';
    return secondsLeft(response, this.#now()) > 0 ? 'request' : 'stale';
  }

  /**
   * Runs the handler once for all concurrent requests with the same selecting fields. `apart` restricts the sharing to
   * requests that are equal in every field.
   */
  async #load(found: Found, fwd: ForwardReason, apart?: string): Promise<unknown> {
    const { caches, variants, exchange } = this.#parts;
    const run = newRun();
    const loading = variants.load(found.vary, this.#loader(run, found), {
      anew: found.response !== undefined,
      apart,
    });
    let shared: Shared | typeof unsettled;
    try {
      shared = await Promise.race([loading, run.answersFirst]);
    } catch (error) {
      if (run.outcome !== undefined) {
        caches.report(error);
        return this.#deliver(run.outcome, { fwd, detail: 'cache-error' });
      }
      if (error instanceof HandlerFailure) {
        const fingerprint = fingerprintOf(exchange.headers);
        if (error.isAbandoned && !run.started) return this.#load(found, fwd, apart);
        if (run.started || error.fingerprint === fingerprint) return this.#failed(error.cause, found, fwd);
        return this.#load(found, fwd, `#${fingerprint}`);
      }
      // The handler already writes to this response, so it cannot run a second time.
      if (run.started) throw error;
      caches.report(error);
      return this.#uncached(fwd, 'cache-error');
    }
    if (shared === unsettled) return this.#answeredFirst(run, loading, found, fwd);
    if (run.outcome !== undefined) return this.#ran(run.outcome, found, fwd);
    if ('notStored' in shared) return this.#notShared(shared.status, found, fwd);
    const { vary } = shared;
    if (variants.isFor(shared)) return this.#replay(shared, { fwd, collapsed: true });
    // The response names its selecting fields now, and was selected by another request.
    if (apart === undefined) return this.#load({ ...found, vary, response: undefined }, 'vary-miss', '');
    return this.#uncached('vary-miss');
  }

  #loader(run: Run, found: Found): (ctx: LoadContext) => Promise<Shared> {
    return async (ctx) => {
      // A cache with refreshAhead calls the loader after the response was sent. `#revalidateLater` handles that case.
      if (this.#answered) throw new Error('The request has been answered');
      run.started = true;
      const outcome = await runHandler(this.#parts, this.#before).catch((error: unknown) => {
        const { exchange } = this.#parts;
        throw new HandlerFailure(error, fingerprintOf(exchange.headers), exchange.isAbandoned);
      });
      run.outcome = outcome;
      // Keep the stale response that replaces the error.
      if (outcome.stored === undefined || this.#standsIn(found, outcome.status)) {
        ctx.skipStore();
        return { notStored: true, status: outcome.status };
      }
      if (this.#mayGetCookie(outcome) && !(await this.#sendsWithoutCookie(run))) {
        ctx.skipStore();
        return { notStored: true, status: outcome.status };
      }
      ctx.ttl(storedTtl(outcome.stored, this.#now()));
      return outcome.stored;
    };
  }

  /** True if session middleware, a hook, an outer interceptor or a filter may still set a cookie. */
  #mayGetCookie({ thrown }: Outcome): boolean {
    const { exchange, around } = this.#parts;
    if (exchange.isDetached) return false;
    return !around.isOutermost || thrown !== undefined || exchange.mayGetCookie;
  }

  /** Sends the response to its client first, and waits for its headers, before the response is shared. */
  async #sendsWithoutCookie(run: Run): Promise<boolean> {
    const { exchange, caches, route } = this.#parts;
    const sending = exchange.sentHeaders();
    run.answerFirst();
    const sent = await sending;
    if (sent === 'with-cookie') caches.setsCookiesLate(route, exchange.headers);
    return sent === 'without-cookie';
  }

  /** The handler ran for this request, and the response is stored after its headers are sent. */
  #answeredFirst(run: Run, loading: Promise<Shared>, found: Found, fwd: ForwardReason): unknown {
    const { caches } = this.#parts;
    const { outcome } = run as { outcome: Outcome };
    const stored = outcome.stored as StoredResponse;
    loading
      .then((shared) => ('notStored' in shared ? undefined : this.#settle(stored, found)))
      .catch((error: unknown) => {
        caches.report(error);
      });
    const ttl = secondsLeft(stored, this.#now());
    return this.#deliver(outcome, { fwd, ttl, detail: 'stored-after-headers' });
  }

  /** Delivers the outcome of a handler that ran for this request. */
  async #ran(outcome: Outcome, found: Found, fwd: ForwardReason): Promise<unknown> {
    const { exchange } = this.#parts;
    const { status, stored } = outcome;
    if (!exchange.isSent && this.#standsIn(found, status)) {
      exchange.reset(this.#before);
      return this.#standIn(found.response as StoredResponse, status);
    }
    if (stored === undefined) return this.#deliver(outcome, { fwd });
    await this.#settle(stored, found);
    this.#forgetIfCookieIsSet(stored, found);
    return this.#deliver(outcome, { fwd, stored: true, ttl: secondsLeft(stored, this.#now()) });
  }

  async #settle(stored: StoredResponse, found: Found): Promise<void> {
    const { variants, caches } = this.#parts;
    await variants.settle(stored, found, this.#now()).catch((error: unknown) => {
      caches.report(error);
    });
  }

  /** Deletes the stored response if a cookie appears among the sent headers: only then is such a cookie visible. */
  #forgetIfCookieIsSet(stored: StoredResponse, found: Found): void {
    const { exchange, caches, variants, route } = this.#parts;
    if (exchange.isDetached) return;
    void exchange.sentHeaders().then((sent) => {
      if (sent !== 'with-cookie') return;
      caches.setsCookiesLate(route, exchange.headers);
      variants.forget(found.vary, stored.vary).catch((error: unknown) => {
        caches.report(error);
      });
    });
  }

  /** Serves the stale response in place of an error where `stale-if-error` allows it; else rethrows the error. */
  #failed(error: unknown, found: Found, fwd: ForwardReason): unknown {
    const status = failureStatus(error);
    if (!this.#standsIn(found, status)) {
      // The exception was storable by status, but filters would receive another class than the thrown one.
      const isRefused = error instanceof HttpException && this.#parts.rules.statuses.includes(status);
      this.#addCacheStatus({ fwd, detail: isRefused ? 'exception-class' : undefined });
      throw error;
    }
    this.#parts.exchange.reset(this.#before);
    return this.#standIn(found.response as StoredResponse, status);
  }

  #standsIn({ response }: Found, status: number): boolean {
    if (response === undefined || !standInStatuses.has(status)) return false;
    return standsInForError(response, this.#parts.wants, this.#now());
  }

  /** The handler ran for another request and its response is not shareable: only `status` is known. */
  #notShared(status: number, found: Found, fwd: ForwardReason): unknown {
    if (this.#standsIn(found, status)) return this.#standIn(found.response as StoredResponse, status);
    return this.#uncached(fwd, 'not-stored');
  }

  #standIn(response: StoredResponse, fwdStatus: number): unknown {
    return this.#replay(response, { fwd: 'stale', fwdStatus, detail: 'stale-if-error' });
  }

  /** Runs the handler for this request only, and stores nothing. */
  async #uncached(fwd: ForwardReason, detail?: string): Promise<unknown> {
    const outcome = await runHandler(this.#parts, this.#before).catch((error: unknown) => {
      this.#addCacheStatus({ fwd, detail });
      throw error;
    });
    return this.#deliver(outcome, { fwd, detail: detail ?? outcome.detail });
  }

  /** Returns (or throws) the handler's result; undefined if the client already has the representation (304). */
  #deliver({ value, thrown, head, detail }: Outcome, handling: Handling): unknown {
    this.#addCacheStatus({ detail, ...handling });
    if (thrown !== undefined) throw thrown.error;
    const isNotModified = head !== undefined && this.#asksWhetherModified() && this.#isNotModified(head);
    return isNotModified ? undefined : value;
  }

  /** Writes a stored response; without `handling`, as a plain hit. */
  #replay(response: StoredResponse, handling?: Handling): unknown {
    const { exchange, key } = this.#parts;
    const now = this.#now();
    const { fields } = response;
    exchange.setStatus(response.status);
    // Copy lists: the response appends to the list that it is given.
    for (const name in fields) exchange.setField(name, mutable(fields[name] as FieldValue));
    if (this.#parts.caches.edgeTags !== undefined) this.#guardEdgeTags(this.#parts.caches.edgeTags, response);
    const age = currentAge(response, now);
    exchange.setField('Age', String(Math.floor(age)));
    const ttl = response.lifetime - age;
    exchange.addCacheStatus(
      handling === undefined
        ? hitStatus(ttl, key.digest)
        : httpCacheStatus({ ttl, ...handling, key: key.digest }),
    );
    if (this.#asksWhetherModified() && this.#isNotModified(exchange.head())) return undefined;
    return this.#asText(response.body) ?? returnedValue(response.body);
  }

  /** A response that gets a cookie is for one client, and names no tags to a CDN. */
  #guardEdgeTags({ headers }: EdgeTagSettings, { fields }: StoredResponse): void {
    const { exchange, around } = this.#parts;
    const names = headers.map((name) => name.toLowerCase()).filter((name) => fields[name] !== undefined);
    if (names.length === 0 || (around.isOutermost && !exchange.mayGetCookie)) return;
    exchange.removeWithCookie(names);
  }

  /** The body as JSON text, where sending the text equals sending the object. */
  #asText(body: StoredBody): string | undefined {
    const { textSender, exchange } = this.#parts;
    if (textSender === undefined || body.kind !== 'json' || !isContainer(body.text)) return undefined;
    return exchange.sendsTextAs(textSender) ? body.text : undefined;
  }

  #asksWhetherModified(): boolean {
    const { headers } = this.#parts.exchange;
    return headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
  }

  /** Sets status 304 if the client already has the representation. */
  #isNotModified({ status, fields }: Head): boolean {
    const { exchange } = this.#parts;
    if (status !== 200 || !isNotModified(exchange.headers, fields, this.#now())) return false;
    exchange.setStatus(304);
    return true;
  }

  /** Revalidates after the stale response is sent. The handler writes to a detached copy of the response. */
  #revalidateLater(found: Found): void {
    const { exchange, store } = this.#parts;
    const id = this.#revalidationId(found);
    const before = this.#before;
    if (!store.revalidations.begin(id)) return;
    const sending = exchange.sentHeaders();
    exchange.whenDone(() => {
      void sending
        .then((sent) => this.#revalidate(sent, before, found))
        .finally(() => {
          store.revalidations.end(id);
        });
    });
  }

  async #revalidate(sent: SentHeaders, before: Head, found: Found): Promise<void> {
    const { exchange, variants, caches, route, store } = this.#parts;
    // A session was created for this request, so a response of the handler may belong to the session.
    if (sent === 'with-cookie') {
      caches.setsCookiesLate(route, exchange.headers);
      return;
    }
    exchange.detach(before);
    this.#answered = false;
    const run = newRun();
    try {
      await variants.load(found.vary, this.#loader(run, found), { anew: true });
      const { outcome } = run;
      if (outcome === undefined) return;
      const isInVain = outcome.stored === undefined || this.#standsIn(found, outcome.status);
      if (outcome.status >= 400 && isInVain) {
        await this.#failedInBackground(outcome.status, undefined, found);
        return;
      }
      caches.worksInBackground(route);
      store.revalidations.succeeded(this.#revalidationId(found));
      if (outcome.stored !== undefined) await this.#settle(outcome.stored, found);
    } catch (error) {
      if (!(error instanceof HandlerFailure)) caches.report(error);
      else if (run.started) await this.#failedInBackground(failureStatus(error.cause), error.cause, found);
    }
  }

  /**
   * Keeps the stale response after a server error (5xx), so that the next request tries again; deletes it after a
   * client error (4xx).
   */
  async #failedInBackground(status: number, error: unknown, found: Found): Promise<void> {
    const { caches, route, store, variants } = this.#parts;
    if (status < 500) {
      const { vary } = found.response ?? found;
      await variants.forget(found.vary, vary).catch((trouble: unknown) => {
        caches.report(trouble);
      });
      return;
    }
    store.revalidations.failed(this.#revalidationId(found));
    caches.failsInBackground(route, error ?? new Error(`status ${String(status)}`));
  }

  #revalidationId({ response }: Found): string {
    return `${this.#parts.key.text}#${response?.variant ?? ''}`;
  }

  #addCacheStatus(handling: Handling): void {
    const { exchange, key } = this.#parts;
    exchange.addCacheStatus(httpCacheStatus({ ...handling, key: key.digest }));
  }

  #now(): number {
    return this.#parts.store.clock.now();
  }
}
