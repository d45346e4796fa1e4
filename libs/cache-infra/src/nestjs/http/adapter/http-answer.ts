import { GatewayTimeoutException, HttpException } from '@nestjs/common';

import type { LoadContext } from '../../../cache/contract/options.js';
import type { RequestDirectives } from '../rules/cache-control.js';
import { currentAge, secondsLeft, standsInForError, useOf } from '../rules/freshness.js';
import { failureStatus, HandlerFailure, standInStatuses } from './handler-failure.js';
import { runHandler, type Outcome, type RunParts } from './handler-run.js';
import { hitStatus, httpCacheStatus, type ForwardReason, type Handling } from '../rules/http-cache-status.js';
import type { FieldValue } from '../rules/header-fields.js';
import type { HttpCaches } from './http-caches.js';
import type { Departure } from './departure.js';
import type { Head } from './http-exchange.js';
import type { PrimaryKey } from '../rules/http-primary-key.js';
import { isContainer, type JsonMethod } from './json-text.js';
import { returnedValue, type StoredBody } from '../rules/stored-body.js';
import { mutable, type StoredResponse } from '../rules/stored-response.js';
import { isNotModified } from '../rules/validators.js';
import { storedTtl, type Found, type Shared, type Variants } from '../rules/variants.js';
import { fingerprintOf } from '../rules/vary.js';

/** All that one answer takes. */
export interface AnswerParts extends RunParts {
  readonly caches: HttpCaches;
  readonly variants: Variants;
  readonly key: PrimaryKey;
  readonly wants: RequestDirectives;
  /** Counts the request for its route. */
  readonly recordRequest: (result: 'hit' | 'miss') => void;
  /** What is answered goes to the client as it is, and where it is by this method, a JSON text is as good as the object. */
  readonly textSender: JsonMethod | undefined;
}

/** A run of the handler for one request. */
interface Run {
  started: boolean;
  outcome?: Outcome;
  /** Settled when the client is to have the answer before anybody knows whether it may be stored. */
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

/** The answer to one GET or HEAD request: from the cache, or from the handler. */
export class HttpAnswer {
  readonly #parts: AnswerParts;
  #head: Head | undefined;
  #answered = false;

  constructor(parts: AnswerParts) {
    this.#parts = parts;
  }

  /** What the response was when it was first asked for, which is before a handler or a stored response touches it. */
  get #before(): Head {
    return (this.#head ??= this.#parts.exchange.head());
  }

  /** What the handler returned, now or once. */
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
      this.#tell({ fwd, detail: 'only-if-cached' });
      throw new GatewayTimeoutException();
    }
    // A handler may leave out the body when it is asked for the head.
    return exchange.method === 'HEAD' ? this.#uncached(fwd) : this.#load(found, fwd);
  }

  /** One hit or one miss for each request. */
  #count(tier: Found['tier'], start: number): void {
    const { store, key, recordRequest } = this.#parts;
    store.recordRead(key.text, tier, start);
    recordRequest(tier === undefined ? 'miss' : 'hit');
  }

  #reason({ response, knowsUrl }: Found): ForwardReason {
    if (response === undefined) return knowsUrl ? 'vary-miss' : 'uri-miss';
    return secondsLeft(response, this.#now()) > 0 ? 'request' : 'stale';
  }

  /** Runs the handler for this request and all that ask for the same meanwhile. `apart`: those that are alike in every field. */
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
      // The handler is at work on this very response: there is no second try.
      if (run.started) throw error;
      caches.report(error);
      return this.#uncached(fwd, 'cache-error');
    }
    if (shared === unsettled) return this.#answeredFirst(run, loading, found, fwd);
    if (run.outcome !== undefined) return this.#ran(run.outcome, found, fwd);
    if ('notStored' in shared) return this.#notShared(shared.status, found, fwd);
    const { vary } = shared;
    if (variants.isFor(shared)) return this.#replay(shared, { fwd, collapsed: true });
    // It is known now what selects the response, and that it was for another request.
    if (apart === undefined) return this.#load({ ...found, vary, response: undefined }, 'vary-miss', '');
    return this.#uncached('vary-miss');
  }

  #loader(run: Run, found: Found): (ctx: LoadContext) => Promise<Shared> {
    return async (ctx) => {
      // A cache with refreshAhead comes back when the response has gone: that is revalidateLater's to do.
      if (this.#answered) throw new Error('The request has been answered');
      run.started = true;
      const outcome = await runHandler(this.#parts, this.#before).catch((error: unknown) => {
        const { exchange } = this.#parts;
        throw new HandlerFailure(error, fingerprintOf(exchange.headers), exchange.isAbandoned);
      });
      run.outcome = outcome;
      // An error is no reason to forget what stands in for it.
      if (outcome.stored === undefined || this.#standsIn(found, outcome.status)) {
        ctx.skipStore();
        return { notStored: true, status: outcome.status };
      }
      if (this.#mayGetCookie(outcome) && !(await this.#goesWithoutCookie(run))) {
        ctx.skipStore();
        return { notStored: true, status: outcome.status };
      }
      ctx.ttl(storedTtl(outcome.stored, this.#now()));
      return outcome.stored;
    };
  }

  /** Something that runs after this cache may set a cookie: session middleware, a hook, an interceptor or a filter. */
  #mayGetCookie({ thrown }: Outcome): boolean {
    const { exchange, around } = this.#parts;
    if (exchange.isDetached) return false;
    return !around.isOutermost || thrown !== undefined || exchange.mayGetCookie;
  }

  /** Lets the client have the answer, and waits until its headers have gone: nobody else may have it before. */
  async #goesWithoutCookie(run: Run): Promise<boolean> {
    const { exchange, caches, route } = this.#parts;
    const departing = exchange.departure();
    run.answerFirst();
    const departure = await departing;
    if (departure === 'with-cookie') caches.setsCookiesLate(route, exchange.headers);
    return departure === 'without-cookie';
  }

  /** The handler ran for this request, and the answer is stored once its headers have gone. */
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

  /** The handler ran for this request. */
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

  /** A second look: a cookie that nothing told of shows itself when the headers go, and not before. */
  #forgetIfCookieIsSet(stored: StoredResponse, found: Found): void {
    const { exchange, caches, variants, route } = this.#parts;
    if (exchange.isDetached) return;
    void exchange.departure().then((departure) => {
      if (departure !== 'with-cookie') return;
      caches.setsCookiesLate(route, exchange.headers);
      variants.forget(found.vary, stored.vary).catch((error: unknown) => {
        caches.report(error);
      });
    });
  }

  /** The handler failed. */
  #failed(error: unknown, found: Found, fwd: ForwardReason): unknown {
    const status = failureStatus(error);
    if (!this.#standsIn(found, status)) {
      // It was to be stored, and filters would have had another than the one that was thrown.
      const isRefused = error instanceof HttpException && this.#parts.rules.statuses.includes(status);
      this.#tell({ fwd, detail: isRefused ? 'exception-class' : undefined });
      throw error;
    }
    this.#parts.exchange.reset(this.#before);
    return this.#standIn(found.response as StoredResponse, status);
  }

  #standsIn({ response }: Found, status: number): boolean {
    if (response === undefined || !standInStatuses.has(status)) return false;
    return standsInForError(response, this.#parts.wants, this.#now());
  }

  /** The handler has run for another request, which keeps its answer for itself: `status` is all that is known of it. */
  #notShared(status: number, found: Found, fwd: ForwardReason): unknown {
    if (this.#standsIn(found, status)) return this.#standIn(found.response as StoredResponse, status);
    return this.#uncached(fwd, 'not-stored');
  }

  #standIn(response: StoredResponse, fwdStatus: number): unknown {
    return this.#replay(response, { fwd: 'stale', fwdStatus, detail: 'stale-if-error' });
  }

  /** The handler runs for this request alone, and nothing is stored. */
  async #uncached(fwd: ForwardReason, detail?: string): Promise<unknown> {
    const outcome = await runHandler(this.#parts, this.#before).catch((error: unknown) => {
      this.#tell({ fwd, detail });
      throw error;
    });
    return this.#deliver(outcome, { fwd, detail: detail ?? outcome.detail });
  }

  /** What the handler returned (or threw), or nothing when the client has it. */
  #deliver({ value, thrown, head, detail }: Outcome, handling: Handling): unknown {
    this.#tell({ detail, ...handling });
    if (thrown !== undefined) throw thrown.error;
    const isNotModified = head !== undefined && this.#asksWhetherModified() && this.#isNotModified(head);
    return isNotModified ? undefined : value;
  }

  /** A stored response; without `handling` a plain hit. */
  #replay(response: StoredResponse, handling?: Handling): unknown {
    const { exchange, key } = this.#parts;
    const now = this.#now();
    const { fields } = response;
    exchange.setStatus(response.status);
    // A copy of lists: whoever appends to one changes what it was given.
    for (const name in fields) exchange.setField(name, mutable(fields[name] as FieldValue));
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

  /** A body as the text that is sent for it, where that makes no difference. */
  #asText(body: StoredBody): string | undefined {
    const { textSender, exchange } = this.#parts;
    if (textSender === undefined || body.kind !== 'json' || !isContainer(body.text)) return undefined;
    return exchange.sendsTextAs(textSender) ? body.text : undefined;
  }

  #asksWhetherModified(): boolean {
    const { headers } = this.#parts.exchange;
    return headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
  }

  /** Then the client is told so. */
  #isNotModified({ status, fields }: Head): boolean {
    const { exchange } = this.#parts;
    if (status !== 200 || !isNotModified(exchange.headers, fields, this.#now())) return false;
    exchange.setStatus(304);
    return true;
  }

  /** The client has its stale response first: the handler gets one of its own to write on. */
  #revalidateLater(found: Found): void {
    const { exchange, store } = this.#parts;
    const id = this.#revalidationId(found);
    const before = this.#before;
    if (!store.revalidations.begin(id)) return;
    const departing = exchange.departure();
    exchange.whenDone(() => {
      void departing
        .then((departure) => this.#revalidate(departure, before, found))
        .finally(() => {
          store.revalidations.end(id);
        });
    });
  }

  async #revalidate(departure: Departure, before: Head, found: Found): Promise<void> {
    const { exchange, variants, caches, route, store } = this.#parts;
    // The request has a session of its own now, and what the handler answers it may be of that session.
    if (departure === 'with-cookie') {
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

  /** A server's failure leaves the stale response, and the next request tries again; a client's error stands for an answer. */
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

  #tell(handling: Handling): void {
    const { exchange, key } = this.#parts;
    exchange.addCacheStatus(httpCacheStatus({ ...handling, key: key.digest }));
  }

  #now(): number {
    return this.#parts.store.clock.now();
  }
}
