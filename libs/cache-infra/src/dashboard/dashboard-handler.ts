import type { Access, AccessRule } from './access/access.js';
import { ActionToken, refuseOtherSites } from './access/same-site.js';
import type { DashboardSource, DashboardView } from './dashboard-source.js';
import { pageAssets } from './page/assets.js';
import { DashboardRefusal } from './refusal.js';
import type { PageFile } from './page/content.js';
import { Answers } from './serve/answer.js';
import { EventStream } from './serve/event-stream.js';
import { parsedTarget, type DashboardExchange } from './serve/exchange.js';
import { jsonBody } from './serve/json-body.js';
import type { DashboardOutcome, DashboardRights, DashboardState, DashboardTarget } from './state.js';
import { keyQuestionOf, targetOf } from './targets/target.js';

/** An invalidation by the dashboard, for the log. Holds no value and no credential. */
export interface DashboardAudit {
  readonly who: string | undefined;
  /** Address of the socket. */
  readonly ip: string | undefined;
  readonly target: DashboardTarget;
  /** null = not known: of tags, and after a failure. */
  readonly removed: number | null;
  /** True: the invalidation was rejected. It may have removed some entries. */
  readonly failed: boolean;
}

export interface DashboardHandlerOptions {
  /** Asked for every request. */
  readonly access: AccessRule;
  /** Default: true. */
  readonly readOnly?: boolean | undefined;
  /** Whether `api/key` may show values. Default: false. */
  readonly showValues?: boolean | undefined;
  /**
   * Text from which the token of actions is made: the same for all instances behind a load balancer, which sends the
   * action to another instance than the page. Default: the token is random for each process.
   */
  readonly tokenSecret?: string | undefined;
  /** Who may show the page in a frame, in the words of CSP `frame-ancestors`. Default: `'none'`. */
  readonly frameAncestors?: string | undefined;
  /** Milliseconds between two messages of `api/events`. Default: 2000. */
  readonly everyMs?: number | undefined;
  /** Most clients of `api/events` at a time. Default: 50. */
  readonly maxClients?: number | undefined;
  /** Hears of each invalidation. */
  readonly onInvalidated?: ((audit: DashboardAudit) => void) | undefined;
  /** Hears of errors that the client is not told. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Answers the requests below the route of a dashboard. */
export interface DashboardHandler {
  /** Answers a request. Never rejects. */
  handle(exchange: DashboardExchange): Promise<void>;
  /** Ends all streams, so that the server can close. */
  close(): void;
}

/** Milliseconds after which a client of `api/events` must connect again, which asks for access again. */
const longestStreamMs = 600_000;

/** The dashboard over a source, without a framework. See `state.ts` for its endpoints. */
export function createDashboardHandler(
  source: DashboardSource,
  options: DashboardHandlerOptions,
): DashboardHandler {
  return new Handler(source, options);
}

class Handler implements DashboardHandler {
  readonly #source: DashboardSource;
  readonly #options: DashboardHandlerOptions;
  readonly #answers: Answers;
  readonly #token: ActionToken;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #rights: DashboardRights;
  readonly #events: EventStream;

  constructor(source: DashboardSource, options: DashboardHandlerOptions) {
    const { readOnly = true, showValues = false, frameAncestors = "'none'" } = options;
    this.#source = source;
    this.#options = options;
    this.#answers = new Answers(frameAncestors);
    const isReadOnly = readOnly || source.invalidate === undefined;
    this.#rights = {
      readOnly: isReadOnly,
      showsValues: showValues && source.inspect !== undefined,
    };
    this.#token = new ActionToken(options.tokenSecret);
    this.#files = filesWith(isReadOnly ? '' : this.#token.text);
    this.#events = new EventStream({
      everyMs: options.everyMs ?? 2000,
      maxClients: options.maxClients ?? 50,
      longestMs: longestStreamMs,
      state: (shown) => this.#state(shown),
      onError: (error) => {
        this.#tell(error);
      },
    });
  }

  async handle(exchange: DashboardExchange): Promise<void> {
    const { response, platform } = exchange;
    try {
      const access = await this.#admitted(exchange);
      // A guard may have answered by itself, for example by a redirect to a login.
      if (response.headersSent || platform?.isAnswered() === true) return;
      platform?.take();
      if (!access.allowed) throw access.refusal;
      await this.#answer(exchange, access.who);
    } catch (error) {
      this.#refuse(exchange, error);
    }
  }

  close(): void {
    this.#events.close();
  }

  /** A rule that fails refuses. */
  async #admitted(exchange: DashboardExchange): Promise<Access> {
    try {
      return await this.#options.access(exchange);
    } catch (error) {
      this.#tell(error);
      return { allowed: false, refusal: new DashboardRefusal(403, 'The guard of the dashboard failed.') };
    }
  }

  async #answer(exchange: DashboardExchange, who: string | undefined): Promise<void> {
    const { request, response } = exchange;
    const { path, query } = parsedTarget(exchange.target);
    const endpoint = path.replace(/^\//, '');
    if (endpoint === 'api/preview' || endpoint === 'api/invalidate') {
      this.#assertMethod(exchange, 'POST');
      this.#assertMayAct(exchange);
      const target = targetOf(await jsonBody(exchange));
      this.#answers.json(request, response, await this.#act(exchange, endpoint, target, who));
      return;
    }
    this.#assertMethod(exchange, 'GET', 'HEAD');
    refuseOtherSites(request, endpoint.startsWith('api/') ? 'read' : 'page');
    switch (endpoint) {
      case 'api/state':
        this.#answers.json(request, response, await this.#state(query.get('instance')));
        return;
      case 'api/events':
        this.#stream(exchange, query.get('instance'));
        return;
      case 'api/key':
        this.#answers.json(request, response, await this.#inspect(query));
        return;
    }
    // The URLs of the page are relative to its route with a slash.
    if (path === '') this.#answers.redirect(response, slashed(exchange.mount, exchange.target));
    else this.#file(exchange, endpoint);
  }

  #file({ request, response }: DashboardExchange, endpoint: string): void {
    const file = this.#files.get(endpoint === '' ? 'index.html' : endpoint);
    if (file === undefined) throw new DashboardRefusal(404, 'The dashboard has no such address.');
    this.#answers.file(request, response, file);
  }

  #stream({ request, response }: DashboardExchange, shown: string | null): void {
    this.#events.assertRoom();
    this.#answers.eventStream(response);
    if (request.method === 'HEAD') response.end();
    else this.#events.add(response, shown);
  }

  #inspect(query: URLSearchParams): Promise<unknown> {
    const question = keyQuestionOf(query, this.#rights.showsValues);
    if (this.#source.inspect === undefined) throw notHere('look into a key');
    return this.#source.inspect(question);
  }

  async #act(
    { request, ip = request.socket.remoteAddress }: DashboardExchange,
    endpoint: 'api/preview' | 'api/invalidate',
    target: DashboardTarget,
    who: string | undefined,
  ): Promise<unknown> {
    const source = this.#source;
    if (source.preview === undefined || source.invalidate === undefined) throw notHere('invalidate');
    if (endpoint === 'api/preview') return source.preview(target);
    const audit = { who, ip, target };
    let outcome: DashboardOutcome;
    try {
      outcome = await source.invalidate(target);
    } catch (error) {
      this.#options.onInvalidated?.({ ...audit, removed: null, failed: true });
      throw error;
    }
    this.#options.onInvalidated?.({ ...audit, removed: outcome.removed, failed: false });
    return outcome;
  }

  #assertMethod({ request }: DashboardExchange, ...allowed: readonly string[]): void {
    if (allowed.includes(request.method ?? '')) return;
    const methods = allowed.join(', ');
    throw new DashboardRefusal(405, `This address answers ${methods} only.`, { Allow: methods });
  }

  #assertMayAct({ request }: DashboardExchange): void {
    if (this.#rights.readOnly) {
      throw new DashboardRefusal(403, 'The dashboard is read-only: readOnly: false allows invalidations.');
    }
    refuseOtherSites(request, 'action');
    this.#token.assert(request);
  }

  async #state(shown: string | null): Promise<DashboardState> {
    const view: DashboardView = await this.#source.state(shown === '' ? null : shown);
    return { ...view, rights: this.#rights };
  }

  #refuse({ request, response }: DashboardExchange, error: unknown): void {
    if (!(error instanceof DashboardRefusal)) this.#tell(error);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error instanceof DashboardRefusal) this.#answers.refusal(request, response, error);
    else this.#answers.failure(request, response);
  }

  #tell(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // A logger that fails must not stop the answer.
    }
  }
}

/** The files of the page, with its token. */
function filesWith(token: string): ReadonlyMap<string, PageFile> {
  return new Map(
    [...pageAssets].map(([path, file]): [string, PageFile] => {
      if (path !== 'index.html') return [path, file];
      return [path, { ...file, body: file.body.replaceAll('%TOKEN%', token) }];
    }),
  );
}

/** The mount with a slash, as a relative reference: proxies may have removed the segments before it. */
function slashed(mount: string, target: string): string {
  return `./${mount.slice(mount.lastIndexOf('/') + 1)}/${target}`;
}

function notHere(what: string): DashboardRefusal {
  return new DashboardRefusal(
    404,
    `This dashboard cannot ${what}: it reads what the instances publish in Redis.`,
  );
}
