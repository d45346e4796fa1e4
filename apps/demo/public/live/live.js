/* global document, fetch, setTimeout, matchMedia */
import { element } from '../shared/element.js';
import { Guide } from './guide.js';
import { Instance } from './instance.js';
import { Verdict } from './verdict.js';
import { euros } from './words.js';

/** Milliseconds between two looks at the state. */
const lookEvery = 250;
const shownLines = 12;

const byId = (id) => document.getElementById(id);
const guide = new Guide(byId('guide'), (action) => void act(action));
const verdict = new Verdict(byId('lesson'), byId('next'), (action) => void act(action));
const instances = new Map();
let lastLine = 0;
let announced = '';

function show(state) {
  guide.show(state);
  verdict.show(state, guide.suggestion(state));
  byId('memory-only').hidden = state.redis !== 'none';
  byId('facts').replaceChildren(...factsOf(state));
  for (const each of state.instances) instanceOf(each.name).show(each);
  showLog(state.log);
  showDashboard(state.dashboard);
  announce(state.experiment);
}

function instanceOf(name) {
  const known = instances.get(name);
  if (known !== undefined) return known;
  const made = new Instance(name);
  instances.set(name, made);
  byId('instances').append(made.root);
  return made;
}

const databases = { fine: 'fine', slow: 'slow, 3 s for a query', failing: 'fails' };
const redises = { running: 'runs', stopped: 'stopped', none: 'none, in memory' };

function factsOf({ database, redis, price }) {
  return [
    fact('Database', databases[database], database === 'fine'),
    fact('Redis', redises[redis], redis !== 'stopped'),
    fact('Price in the database', euros(price), true),
  ];
}

function fact(name, text, isFine) {
  const made = element('span', isFine ? 'fact' : 'fact broken', `${name}: `);
  made.append(element('b', '', text));
  return made;
}

function showLog(log) {
  if (log.at(-1)?.number === lastLine) return;
  lastLine = log.at(-1)?.number;
  byId('log').replaceChildren(
    ...log
      .slice(-shownLines)
      .reverse()
      .map(({ at, text }) => {
        const line = element('li');
        const moment = element('time', '', new Date(at).toLocaleTimeString('en-GB'));
        moment.dateTime = at;
        line.append(moment, element('span', '', text));
        return line;
      }),
  );
}

/** The link to the dashboard, if the demo has one. */
function showDashboard(path) {
  const link = byId('dashboard');
  if (path !== null) link.href = path;
  link.hidden = path === null;
}

/** Tells a screen reader the end of an experiment. */
function announce(experiment) {
  if (experiment === null || !experiment.isOver || announced === String(experiment.number)) return;
  announced = String(experiment.number);
  const { title, map, cache } = experiment.lesson;
  byId('news').textContent = `${title} ${map.text} ${cache.text}`;
}

async function look() {
  const response = await fetch('live').catch(() => undefined);
  byId('away').hidden = response?.ok === true;
  if (response?.ok) show(await response.json());
}

/** Looks again and again, and rests while nobody sees the page. */
async function follow() {
  if (!document.hidden) await look();
  setTimeout(() => void follow(), lookEvery);
}

async function act(action) {
  if (action === 'start-over') guide.forget();
  const done = fetch(`live/${action}`, { method: 'POST' }).catch(() => undefined);
  const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
  if (action !== 'start-over') byId('verdict').scrollIntoView({ block: 'nearest', behavior });
  await done;
  await look();
}

byId('start-over').addEventListener('click', () => void act('start-over'));
void follow();
