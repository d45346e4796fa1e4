/* global fetch, TextDecoderStream */

/**
 * Asks a question. Yields the events of the answer: `{ type: 'status' | 'message' | 'done' | 'error', data }`, where
 * `data` of a message is a token, and an object otherwise. Throws an `Error` whose message is for the reader.
 */
export async function* ask({ question, model, anew }, signal) {
  const response = await post(
    'ai/chat',
    { question, model },
    anew ? { 'cache-control': 'no-cache' } : {},
    signal,
  );
  let rest = '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      for (const event of events) yield eventOf(event);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** What the key of a question is made of, and what differs from the question before. */
export async function explain({ question, model }, other) {
  const compared = other === undefined ? {} : { other: { question: other.question, model: other.model } };
  return (await post('ai/chat/explain', { question, model, ...compared })).json();
}

/** The counters of the chat since the demo started; undefined before its first question. */
export async function stats() {
  const { ai } = await (await answered(fetch('cache/stats'))).json();
  return ai.groups.find(({ name }) => name === 'chat');
}

export async function facts() {
  return (await answered(fetch('ai/chat/facts'))).json();
}

function post(path, body, headers = {}, signal = undefined) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, signal };
  return answered(fetch(path, { ...init, body: JSON.stringify(body) }));
}

async function answered(request) {
  const response = await request.catch((error) => {
    throw error.name === 'AbortError' ? error : new Error('The demo does not answer. Does it still run?');
  });
  if (response.ok) return response;
  const { message } = await response
    .json()
    .catch(() => ({ message: `The demo answers ${response.status}.` }));
  throw new Error([message].flat().join('; '));
}

function eventOf(text) {
  const fields = text.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
  const valuesOf = (name) => fields.filter((field) => field[1] === name).map((field) => field[2]);
  const type = valuesOf('event')[0] ?? 'message';
  const data = valuesOf('data').join('\n');
  return { type, data: type === 'message' ? data : JSON.parse(data) };
}
