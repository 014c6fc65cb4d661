import { type NodeId, nodeId } from '@varve/encoding';
import { payloadOf } from './fixtures.ts';
import type { Stage } from './scenario-stage.ts';
import { violated } from './violation.ts';

/** Ticks that one `elect` may take. */
const ELECTION_TICKS_MAX = 20;

type Command = <M>(stage: Stage<M>, words: readonly string[]) => void;

/** Every command but `start`, which makes the stage. */
const COMMANDS: Readonly<Record<string, Command>> = {
  elect: (stage, [id]) => elect(stage, node(stage, id)),
  propose: (stage, [id, ...texts]) => propose(stage, node(stage, id), texts),
  deliver: (stage, words) => overLinks(stage, words, (from, to, count) => stage.deliver(from, to, count)),
  drop: (stage, words) => overLinks(stage, words, (from, to, count) => stage.drop(from, to, count)),
  duplicate: (stage, words) => overLinks(stage, words, (from, to) => stage.duplicate(from, to)),
  persist: (stage, [id, count]) => stage.persist(node(stage, id), numberOf(count, Number.POSITIVE_INFINITY)),
  tick: (stage, [id, ms]) => stage.tick(node(stage, id), ms === undefined ? undefined : numberOf(ms, 0)),
  leap: (stage, [id, ms]) => stage.leap(node(stage, id), numberOf(ms, 0)),
  crash: (stage, [id, survivors]) => stage.crash(node(stage, id), numberOf(survivors, 0)),
  restart: (stage, [id]) => stage.boot(node(stage, id)),
  partition: (stage, words) => partition(stage, words.join(' ')),
  heal: (stage) => stage.cut.clear(),
  link: (stage, words) => link(stage, words),
  read: (stage, [id]) => {
    stage.read(node(stage, id));
  },
  drain: (stage, [id]) => {
    stage.input(node(stage, id), { kind: 'drain' });
  },
  transfer: (stage, [id, to]) => {
    stage.input(node(stage, id), { kind: 'transfer', to: node(stage, to) });
  },
  certify: (stage, [id]) => stage.certify(node(stage, id)),
  sync: (stage, [id]) => stage.blockSync(node(stage, id)),
  stabilize: (stage, ids) => stage.stabilize(ids.length === 0 ? stage.ids : ids.map((id) => node(stage, id))),
  status: (stage) => {
    stage.tellStatus();
  },
  log: (stage, [word]) => stage.setLogging(word === 'on'),
};

/** Carries out one line. */
export function perform<M>(stage: Stage<M>, line: string): void {
  const [name = '', ...words] = line.split(/ +/);
  const command = COMMANDS[name];
  if (!command) violated(`no such command: ${name}`);
  command(stage, words);
}

function node<M>(stage: Stage<M>, word: string | undefined): NodeId {
  const id = nodeId(word ?? '');
  if (!stage.ids.includes(id)) violated(`no such node: ${word}`);
  return id;
}

function numberOf(word: string | undefined, otherwise: number): number {
  if (word === undefined) return otherwise;
  const number = Number(word);
  return Number.isSafeInteger(number) ? number : violated(`no number: ${word}`);
}

/** Time passes at `id` alone until it leads; everybody answers. */
function elect<M>(stage: Stage<M>, id: NodeId): void {
  for (let ticks = 0; stage.status(id).role !== 'leader'; ticks++) {
    if (ticks === ELECTION_TICKS_MAX) violated(`${id} does not come to lead`);
    stage.tick(id);
    stage.stabilize(stage.ids);
  }
}

function propose<M>(stage: Stage<M>, id: NodeId, texts: readonly string[]): void {
  for (const text of texts) {
    if (!stage.host(id).open) stage.input(id, { kind: 'demand', pending: true });
    const slot = stage.host(id).open;
    if (!slot) return stage.say(id, 'asks for no payload', [], '');
    stage.propose(id, slot, payloadOf(text));
  }
}

/** `a->b`, `a->*`, `*->b`, with a number of messages or all. */
function overLinks<M>(
  stage: Stage<M>,
  words: readonly string[],
  act: (from: NodeId, to: NodeId, count: number) => unknown,
): void {
  const [link = '', count] = words;
  const [from, to] = link.split('->');
  const expand = (word: string | undefined) => (word === '*' ? stage.ids : [node(stage, word)]);
  for (const sender of expand(from)) {
    for (const receiver of expand(to)) {
      if (sender !== receiver) act(sender, receiver, numberOf(count, Number.POSITIVE_INFINITY));
    }
  }
}

/** `a | b c`: what is sent from one group to another is lost; who is in none is one group more. */
function partition<M>(stage: Stage<M>, text: string): void {
  const groups = text.split('|').map((group) =>
    group
      .trim()
      .split(/ +/)
      .map((word) => node(stage, word)),
  );
  stage.cut.clear();
  for (const group of groups) {
    for (const one of group) {
      for (const other of stage.ids) {
        if (!group.includes(other)) stage.cut.add(`${one}>${other}`).add(`${other}>${one}`);
      }
    }
  }
}

/** `a->b down`: a alone notices. */
function link<M>(stage: Stage<M>, [ends = '', state]: readonly string[]): void {
  const [from, peer] = ends.split('->');
  stage.input(node(stage, from), { kind: 'link', peer: node(stage, peer), up: state === 'up' });
}
