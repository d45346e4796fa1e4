/** One file of the page, as it is sent. */
export interface PageFile {
  /** For `Content-Type`. */
  readonly type: string;
  readonly body: string;
}

/**
 * The files of the page by their address. The bundle and the tests put the built `client/` in place of this
 * declaration: see `scripts/lib/dashboard-page.mjs`.
 */
export declare const pageContent: Readonly<Record<string, PageFile>>;
