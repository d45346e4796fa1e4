/** A request that is not answered. Its message is sent to the client: it must hold no secret. */
export class DashboardRefusal extends Error {
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 503,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'DashboardRefusal';
  }
}
