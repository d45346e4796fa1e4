/* global document, requestAnimationFrame */
import { explain, facts, stats } from './ask.js';
import { Card } from './card.js';
import { element } from '../shared/element.js';
import { count, money, time } from './words.js';

const byId = (id) => document.getElementById(id);
const tabs = 5;
const shownCards = 20;

let cards = [];
let isDrawing = false;

async function askFrom(number, more = {}) {
  const question = byId('question').value.trim();
  if (question === '') return;
  const asked = { question, model: byId('model').value || undefined, anew: byId('anew').checked, ...more };
  const card = new Card(asked, number);
  const before = cards[0]?.asked;
  cards = [card, ...cards].slice(0, shownCards);
  byId('empty').hidden = true;
  byId('cards').replaceChildren(...cards.map(({ root }) => root));
  byId('news').textContent = `Asking: ${question}`;
  card.root.scrollIntoView({ block: 'nearest' });
  draw();
  await card.run();
  byId('news').textContent = card.news;
  await Promise.all([
    showTotals(),
    explain(asked, before).then(
      (explanation) => card.explain(explanation),
      () => undefined,
    ),
  ]);
}

/** Draws all bars on one scale, as long as an answer is on its way. */
function draw() {
  if (!isDrawing) requestAnimationFrame(drawOnce);
  isDrawing = true;
}

function drawOnce() {
  const lanes = cards.flatMap((card) => card.lanes);
  const longestMs = Math.max(1, ...lanes.map(({ elapsedMs }) => elapsedMs));
  for (const lane of lanes) lane.draw(longestMs);
  isDrawing = cards.some(({ isEnded }) => !isEnded);
  if (isDrawing) requestAnimationFrame(drawOnce);
}

async function showTotals() {
  const chat = await stats().catch(() => undefined);
  const { calls = 0, misses = 0, bypassed = 0 } = chat ?? {};
  const tokens = (chat?.inputTokensSaved ?? 0) + (chat?.outputTokensSaved ?? 0);
  const totals = [
    ['Questions', count(calls)],
    ['Model calls', count(misses + bypassed)],
    ['Tokens saved', count(tokens)],
    ['Money saved', money(chat?.costSaved ?? 0)],
    ['Waiting saved', time(chat?.timeSavedMs ?? 0)],
  ];
  byId('totals').replaceChildren(
    ...totals.map(([name, value]) => {
      const pair = element('div');
      pair.append(element('dt', '', name), element('dd', '', value));
      return pair;
    }),
  );
}

async function showFacts() {
  const { engine, models, price } = await facts();
  byId('model').replaceChildren(...models.map((model) => element('option', '', model)));
  byId('engine').textContent =
    engine === 'local' ? 'A local engine: it answers from a short text, at the pace of a model' : engine;
  byId('price').textContent = priceText(price);
}

function priceText(price) {
  if (price === undefined) return 'Money: no price is set (CHAT_INPUT_PRICE, CHAT_OUTPUT_PRICE).';
  const { inputPerMillion, outputPerMillion, isAssumed } = price;
  const text = `input tokens cost ${dollars(inputPerMillion)} per million, and output tokens ${dollars(outputPerMillion)}`;
  return isAssumed ? `Money: as if ${text}. The local engine is free.` : `Money: ${text}.`;
}

function dollars(price) {
  return `$${price.toFixed(2)}`;
}

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void askFrom(1);
});
byId('tabs').addEventListener('click', () => void askFrom(tabs, { anew: true }));
byId('chips').addEventListener('click', ({ target }) => {
  if (target.localName !== 'button') return;
  byId('question').value = target.textContent;
  void askFrom(1);
});
void showTotals();
showFacts().catch(() => undefined);
