/** What is asked of an adapter, and of Express behind it. */
interface Adapter {
  getType(): string;
  getInstance(): unknown;
}

interface ExpressApplication {
  get(setting: string): unknown;
  readonly response: object;
}

/** With one of these Express writes JSON in a way of the application's own. */
const jsonSettings = ['json escape', 'json replacer', 'json spaces'];

/**
 * Whether an adapter sends a text that is marked as JSON just as it sends the object with that JSON: then a hit needs no object. Nest's
 * adapter for Express does, since `res.json()` makes a text and sends it, unless the application has put something of its own there.
 * Fastify does not: it may have a schema by which it picks the properties of an object.
 */
export function sendsJsonTexts(adapter: Adapter): boolean {
  if (adapter.getType() !== 'express') return false;
  if (adapter.constructor.name !== 'ExpressAdapter' || Object.hasOwn(adapter, 'reply')) return false;
  const app = adapter.getInstance() as ExpressApplication;
  return jsonSettings.every((setting) => !app.get(setting)) && !Object.hasOwn(app.response, 'json');
}

/** Whether a JSON text is that of an object or an array: others are sent as texts, and not as JSON. */
export function isContainer(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[');
}
