/**
 * The page's own script: builds the list from the embedded events, filters by kind, shows an event's text where the
 * pointer is, and leads from the list into the picture and back. It writes text only as text.
 */
export const DIAGRAM_SCRIPT = `
'use strict';
const { events, violation } = JSON.parse(document.getElementById('events').textContent);
const diagram = document.querySelector('.diagram');
const list = document.querySelector('ol');
const tip = document.getElementById('tip');
const POINTERS = { send: ' → ', invoke: ' → ', receive: ' ← ', answer: ' ← ', lose: ' × ' };
const head = ({ node, peer, kind }) => node + (peer === undefined ? '' : (POINTERS[kind] ?? ' – ') + peer);
function part(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
const rows = events.map((event, i) => {
  const row = document.createElement('li');
  row.className = 'k-' + event.kind;
  row.dataset.i = i;
  row.append(part('time', event.at), ' ', part('b', head(event)), ' ', part('i', event.kind), ' ', event.text);
  return row;
});
list.append(...rows);
function pick(i) {
  for (const old of document.querySelectorAll('.picked')) old.classList.remove('picked');
  rows[i]?.classList.add('picked');
  diagram.querySelector('[data-i="' + i + '"]')?.classList.add('picked');
}
const scrollDiagram = (i) => diagram.scrollTo({ top: events[i].y - diagram.clientHeight / 2 });
const scrollList = (i) => rows[i].scrollIntoView({ block: 'center' });
list.addEventListener('click', ({ target }) => {
  const i = target.closest('li')?.dataset.i;
  if (i === undefined) return;
  pick(i);
  scrollDiagram(i);
});
diagram.addEventListener('click', ({ target }) => {
  const i = target.closest('.e')?.dataset.i;
  if (i === undefined) return;
  pick(i);
  scrollList(i);
});
diagram.addEventListener('pointermove', ({ target, clientX, clientY }) => {
  const event = events[target.closest('.e')?.dataset.i];
  tip.style.display = event === undefined ? 'none' : 'block';
  if (event === undefined) return;
  tip.textContent = event.at + ' s  ' + head(event) + '  ' + event.kind + '\\n' + event.text;
  tip.style.left = Math.max(4, Math.min(clientX + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
  tip.style.top = (clientY + 22 + tip.offsetHeight > innerHeight ? clientY - tip.offsetHeight - 10 : clientY + 16) + 'px';
});
diagram.addEventListener('pointerleave', () => { tip.style.display = 'none'; });
for (const box of document.querySelectorAll('input[data-kind]')) {
  const apply = () => document.body.classList.toggle('hide-' + box.dataset.kind, !box.checked);
  box.addEventListener('change', apply);
  apply();
}
if (violation !== null) {
  pick(violation);
  scrollDiagram(violation);
  scrollList(violation);
}
`;
