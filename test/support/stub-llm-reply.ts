/** An event of a stream: its payload, and its name in APIs that give events names. */
export interface StubEvent {
  readonly name?: string;
  readonly data: unknown;
}

/** A reply in the shape of an API: the body as JSON, and the same answer as the events of a stream. */
export interface StubReply {
  readonly json: unknown;
  /** Undefined for an endpoint without streams. */
  readonly events?: readonly StubEvent[];
}

/** What a reply's shape needs to know beside the request. */
export interface ReplyFacts {
  /** Number of the call, from 1. Ids and times are made of it, so each call is told from the others. */
  readonly call: number;
  /** The finish reason to report instead of the one of the answer. */
  readonly finishReason?: string | null | undefined;
}

export function sseText({ name, data }: StubEvent): string {
  const payload = typeof data === 'string' ? data : JSON.stringify(data);
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${payload}\n\n`;
}
