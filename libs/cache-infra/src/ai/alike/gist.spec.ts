import { gistOf, maxGistLength } from './gist.js';

describe('two texts with one meaning have one gist', () => {
  it.each([
    ['capitals', 'How do I reset my Password?', 'how do i reset my password'],
    ['a text in capitals', 'WHAT IS A CACHE?', 'What is a cache?'],
    ['spaces and final marks', '  Explain   recursion! ', 'Explain recursion.'],
    ['a space before the question mark', 'Is there a discount ?', 'Is there a discount?'],
    ['typographic characters', 'What’s “RAID 5”?', 'What\'s "RAID 5"?'],
    ['full-width characters', 'What is ５ times ７？', 'What is 5 times 7?'],
    ['composed characters', 'Where is the cafe\u0301?', 'Where is the café?'],
    ['names of one spelling in speech', 'How does GitHub store JSON?', 'how does github store json'],
    [
      'contractions',
      "Why doesn't it scale, and what's a mutex?",
      'Why does it not scale, and what is a mutex?',
    ],
    ['a forgotten apostrophe', 'Why dont the lights work?', "Why don't the lights work?"],
    ['spellings', 'How do I organise colours?', 'How do I organize colors?'],
    ['please', 'Please explain TLS', 'Explain TLS'],
    ['greetings and thanks', 'Hi there, is it raining in Rome? Thanks a lot!', 'Is it raining in Rome?'],
    ['requests to be told', 'Could you please tell me who wrote Emma?', 'Who wrote Emma?'],
    ['indirect questions', "I'd like to know when the museum opens", 'When does the museum open?'],
    ['indirect questions with whether', 'Do you know whether the shop is open?', 'Is the shop open?'],
    ['indirect questions about many', 'Can you explain how vaccines work?', 'How do vaccines work?'],
    ['ways to ask for instructions', 'How can I reset my password?', 'How to reset my password'],
    ['a tool in front', 'In Python, how do I sort a list?', 'How do I sort a list in Python?'],
    ['ways to ask for a price', 'What does a passport cost?', 'How much does a passport cost?'],
    ['ways to ask for a definition', 'What is a library?', 'What are libraries?'],
    ['German spellings', "Was gibt's fuer Kinder?", 'Was gibt es für Kinder?'],
    ['German particles', 'Was ist denn ein Mutex?', 'Was ist ein Mutex?'],
    ['German requests', 'Kannst du mir bitte Entropie erklären?', 'Erkläre mir Entropie'],
    ['German indirect questions', 'Wissen Sie, ob das Restaurant offen ist?', 'Ist das Restaurant offen?'],
    [
      'German separable verbs',
      'Wie setze ich mein Passwort zurück?',
      'Wie kann man mein Passwort zurücksetzen?',
    ],
    ['German persons of a verb', 'Sag mir, wie man eine Datei öffnet', 'Wie öffne ich eine Datei?'],
  ])('that differ in %s', (_difference, one, other) => {
    expect(gistOf(one)).toBeDefined();
    expect(gistOf(one)).toBe(gistOf(other));
  });
});

describe('a text keeps in its gist', () => {
  it.each([
    ['the order of its words', 'Does the dog bite the man?', 'Does the man bite the dog?'],
    ['negations', 'Which foods are safe?', 'Which foods are not safe?'],
    ['can not beside cannot', 'You can not only read', 'You cannot only read'],
    ['singular and plural', 'How do I delete my account?', 'How do I delete my accounts?'],
    ['plurals that are words of their own', 'What is a custom?', 'What are customs?'],
    ['articles', 'Do you have time?', 'Do you have the time?'],
    ['tenses', 'Who is the president?', 'Who was the president?'],
    ['inner punctuation', 'Can I eat, grandma?', 'Can I eat grandma?'],
    ['numbers as they are written', 'How much is 1,000 yen?', 'How much is 1.000 yen?'],
    ['powers', 'What is 2³?', 'What is 23?'],
    ['the factorial sign', 'What is 5!', 'What is 5?'],
    ['signs', 'Is the C++ standard free?', 'Is the C standard free?'],
    [
      'the bang of a method',
      'Is there a difference between save and save!',
      'Is there a difference between save and save',
    ],
    ['the case of identifiers', 'How does userId work?', 'How does userid work?'],
    ['acronyms', 'Does it help us?', 'Does it help US?'],
    ['names that are words', 'How do I clean windows?', 'How do I clean Windows?'],
    ['names at the start', 'Will Smith is the son of whom?', 'will Smith is the son of whom?'],
    ['German nouns that are words', 'Was mache ich am Morgen?', 'Was mache ich am morgen?'],
    ['forms of address', 'Sind Sie krank?', 'Sind sie krank?'],
    ['quotations', 'Where is the "My  File" dialog?', 'Where is the "My File" dialog?'],
    ['what follows a colon', 'What is the topic of this: Buy a car', 'What is the topic of this: buy a car'],
    ['politeness after a colon', 'What is the tone of this: wait, please', 'What is the tone of this: wait'],
    ['emoji', 'How do I react to 👍?', 'How do I react to 👎?'],
    ['doubtful contractions', "Who's paid?", 'Who is paid?'],
    ['the verb please', 'Please your boss, but how?', 'Your boss, but how?'],
    ['a wish to be told later', 'Tell me when the build is done', 'When is the build done?'],
    ['the mark of a question without its word order', 'The server is down.', 'The server is down?'],
    ['verbs that are no instruction', 'How do I look?', 'How can I look?'],
    ['separated particles', 'Wie schalte ich den Router ein?', 'Wie schalte ich den Router aus?'],
  ])('%s', (_what, one, other) => {
    expect(gistOf(one)).toBeDefined();
    expect(gistOf(one)).not.toBe(gistOf(other));
  });
});

describe('a text has no gist', () => {
  it.each([
    ['if it is empty', ''],
    ['without a content word', 'What is it?'],
    ['without frequent words that tell its language', 'redis ttl'],
    ['in two languages', 'What is der Unterschied zwischen a und b?'],
    ['in Chinese', '什么是缓存？'],
    ['in French', 'Quelle est la capitale de la France ?'],
    ['in Spanish', '¿Cuál es la capital de Francia?'],
    ['in Dutch', 'Wat is de hoofdstad van Frankrijk?'],
    ['with a letter that only looks Latin', 'What is the c\u0430che?'],
    ['with an invisible character', 'What is the ca\u200bche?'],
    ['of emoji only', '🙂🙃'],
    ['of several lines', 'How do I fix this?\nif x:\n  y'],
    ['with a quotation that has no end', 'What is "this about?'],
    ['about letters', 'How many letters are in colour?'],
    ['about a contraction', "What does what's up mean?"],
    ['to be translated', 'Translate this to German: hello'],
    ['about German words', 'Wie schreibt man dass?'],
  ])('%s', (_why, text) => {
    expect(gistOf(text)).toBeUndefined();
  });

  it('if it is longer than its bound', () => {
    const atBound = `How do I fix ${'x'.repeat(maxGistLength - 13)}`;

    expect(gistOf(atBound)).toBeDefined();
    expect(gistOf(`${atBound}x`)).toBeUndefined();
  });
});

describe('the language of a text', () => {
  it('is part of its gist', () => {
    expect(gistOf('Redis Cluster', 'en')).not.toBe(gistOf('Redis Cluster', 'de'));
  });

  it('may be given, if the text does not tell it', () => {
    expect(gistOf('redis cluster mode')).toBeUndefined();
    expect(gistOf('redis cluster mode', 'en')).toBe(gistOf('Redis cluster mode', 'en'));
  });

  it('refuses a text that is plainly in the other one', () => {
    expect(gistOf('Sind Sie krank?', 'en')).toBeUndefined();
    expect(gistOf('Is the printer broken?', 'de')).toBeUndefined();
  });
});
