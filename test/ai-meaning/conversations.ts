export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ConversationCase {
  readonly title: string;
  readonly requests: readonly [Conversation, Conversation];
  /** True if the answer to one request answers the other. */
  readonly same: boolean;
}

export interface Conversation {
  readonly model: string;
  readonly temperature?: number;
  readonly tenant?: string;
  readonly messages: readonly Message[];
}

const system = (content: string): Message => ({ role: 'system', content });
const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

const ask = (...messages: readonly Message[]): Conversation => ({ model: 'small', messages });

const redis = [user('What is Redis?'), assistant('An in-memory store.')];
const postgres = [user('What is Postgres?'), assistant('A relational database.')];

/**
 * Requests that differ in their last question or in what stands before it. Only the last question may be compared by its
 * meaning: everything else of two requests must be equal.
 */
export const conversations: readonly ConversationCase[] = [
  {
    title: 'one question in two wordings, alone',
    requests: [ask(user('How do I reset my password?')), ask(user('how can i reset my password'))],
    same: true,
  },
  {
    title: 'one question in two wordings, after the same conversation',
    requests: [
      ask(...redis, user('How do I install it on Debian?')),
      ask(...redis, user('How can I install it on Debian?')),
    ],
    same: true,
  },
  {
    title: 'one question in two wordings, under the same system prompt',
    requests: [
      ask(system('Answer in one sentence.'), user("What's a mutex?")),
      ask(system('Answer in one sentence.'), user('Can you tell me what a mutex is?')),
    ],
    same: true,
  },
  {
    title: 'eine Frage in zwei Fassungen nach demselben Gespräch',
    requests: [
      ask(...redis, user('Wie installiere ich Redis auf Debian?')),
      ask(...redis, user('Wie kann man Redis auf Debian installieren?')),
    ],
    same: true,
  },
  {
    title: 'the same last question after another question',
    requests: [
      ask(...redis, user('How do I install it on Debian?')),
      ask(...postgres, user('How do I install it on Debian?')),
    ],
    same: false,
  },
  {
    title: 'the same last question after another answer',
    requests: [
      ask(user('Pick a city.'), assistant('Rome'), user('What is the population of the city?')),
      ask(user('Pick a city.'), assistant('Oslo'), user('What is the population of the city?')),
    ],
    same: false,
  },
  {
    title: 'the same last question alone and after a conversation',
    requests: [
      ask(user('How do I install it on Debian?')),
      ask(...redis, user('How do I install it on Debian?')),
    ],
    same: false,
  },
  {
    title: 'the same last question under another system prompt',
    requests: [
      ask(system('Answer as a doctor.'), user('What is a shot?')),
      ask(system('Answer as a barkeeper.'), user('What is a shot?')),
    ],
    same: false,
  },
  {
    title: 'a system prompt that differs in one not',
    requests: [
      ask(system('Do give prices.'), user('What is the price of gold?')),
      ask(system('Do not give prices.'), user('What is the price of gold?')),
    ],
    same: false,
  },
  {
    title: 'an earlier question in another wording: its answer may have differed',
    requests: [
      ask(user("What's Redis?"), assistant('An in-memory store.'), user('How do I install it on Debian?')),
      ask(user('What is Redis?'), assistant('An in-memory store.'), user('How do I install it on Debian?')),
    ],
    same: false,
  },
  {
    title: 'the same messages in another order',
    requests: [
      ask(...redis, ...postgres, user('Which of the two is faster?')),
      ask(...postgres, ...redis, user('Which of the two is faster?')),
    ],
    same: false,
  },
  {
    title: 'the same text by another role',
    requests: [
      ask(user('Answer in French.'), user('What is a mutex?')),
      ask(system('Answer in French.'), user('What is a mutex?')),
    ],
    same: false,
  },
  {
    title: 'one question split over two messages',
    requests: [
      ask(user('How do I reset'), user('my password on Debian?')),
      ask(user('How do I reset my password on Debian?')),
    ],
    same: false,
  },
  {
    title: 'the same question to another model',
    requests: [
      { model: 'small', messages: [user('What is a mutex?')] },
      { model: 'large', messages: [user('What is a mutex?')] },
    ],
    same: false,
  },
  {
    title: 'the same question at another temperature',
    requests: [
      { model: 'small', temperature: 0, messages: [user('What is a mutex?')] },
      { model: 'small', temperature: 1, messages: [user('What is a mutex?')] },
    ],
    same: false,
  },
  {
    title: 'the same question of another tenant',
    requests: [
      { model: 'small', tenant: 'a', messages: [user('Where is my order?')] },
      { model: 'small', tenant: 'b', messages: [user('Where is my order?')] },
    ],
    same: false,
  },
  {
    title: 'a last question with one more negation',
    requests: [
      ask(...redis, user('Which systems does it support?')),
      ask(...redis, user('Which systems does it not support?')),
    ],
    same: false,
  },
  {
    title: 'a last question that points to another thing',
    requests: [
      ask(...redis, ...postgres, user('How do I install the first one?')),
      ask(...redis, ...postgres, user('How do I install the second one?')),
    ],
    same: false,
  },
  {
    title: 'a last question without a content word of its own',
    requests: [ask(...redis, user('And why?')), ask(...redis, user('and why'))],
    same: false,
  },
];
