import { ServerResponse } from 'node:http';

/** What is asked of an adapter, and of Express behind it. */
interface Adapter {
  getType(): string;
  getInstance(): unknown;
}

interface ExpressApplication {
  get(setting: string): unknown;
  readonly response: { readonly json: JsonMethod };
}

/** `res.json()`. */
export type JsonMethod = (body: unknown) => unknown;

/** With one of these Express writes JSON in a way of the application's own. */
const jsonSettings = ['json escape', 'json replacer', 'json spaces'];

/**
 * The `res.json()` of an application whose adapter sends a text that is marked as JSON just as it sends the object with that JSON: then
 * a hit needs no object, as long as the response has that very method. Nest's adapter for Express does so, since `res.json()` makes a
 * text and sends it, unless the application has put something of its own there. Fastify does not: it may have a schema by which it
 * picks the properties of an object. Undefined = it has to be the object, as it also is where there is doubt.
 */
export function textSendingJson(adapter: Adapter): JsonMethod | undefined {
  if (adapter.getType() !== 'express') return undefined;
  if (adapter.constructor.name !== 'ExpressAdapter' || Object.hasOwn(adapter, 'reply')) return undefined;
  const app = adapter.getInstance() as ExpressApplication;
  if (jsonSettings.some((setting) => app.get(setting))) return undefined;
  const { json } = app.response;
  return isOfExpress(app.response, json) ? json : undefined;
}

/** Told by where it stands and by its text: whoever wraps it, for all responses there are, puts another function there. */
function isOfExpress(response: object, json: JsonMethod): boolean {
  let owner: object | null = response;
  while (owner !== null && !Object.hasOwn(owner, 'json'))
    owner = Object.getPrototypeOf(owner) as object | null;
  if (owner === null || Object.getPrototypeOf(owner) !== ServerResponse.prototype) return false;
  return jsonSettings.every((setting) => Function.prototype.toString.call(json).includes(setting));
}

/** Whether a JSON text is that of an object or an array: others are sent as texts, and not as JSON. */
export function isContainer(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[');
}
