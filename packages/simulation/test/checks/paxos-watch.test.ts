import type { Recovered } from '@varve/consensus';
import { encodeCbor } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { PaxosWatch } from '../../src/checks/paxos-watch.ts';
import { entry, hears, judge, type Script, sends, storing, told, writes } from './leader-script.ts';

const TICK = { kind: 'tick' };
const LEADERS = ['a', 'b', 'c'];
const ballot = (number: number) => ({ number, node: LEADERS[(number - 1) % 3] ?? '' });
const hard = (...[promised, accepted]: readonly [number, number]) => {
  const written = (number: number) => (number === 0 ? null : [number, ballot(number).node]);
  return encodeCbor([1, written(promised), written(accepted)]);
};
const promise = (voter: string, number: number, round = 0, lastIndex = 0) => {
  const said = { ballot: ballot(number), acceptedRound: ballot(round), lastIndex, voter };
  return { kind: 'promise', ...said, decided: 0, prevIndex: lastIndex, entries: [] };
};
const accepted = (voter: string, number: number, lastIndex = 0) => {
  return { kind: 'accepted', ballot: ballot(number), lastIndex, voter };
};
const decide = (number: number, context: number) => ({ kind: 'decide', ballot: ballot(number), decided: 0, context });
const confirm = (number: number, context: number) => ({ kind: 'confirm', ballot: ballot(number), context });
const read = (context: number) => ({ reads: [{ context, index: 1, ok: true }] });

/** `b` promises ballot 1, and accepts what its leader sends. */
const FOLLOWER: Script = {
  promises: told(TICK, writes(1, { hardState: hard(1, 0) }, ['a', promise('b', 1)])),
  joins: told(TICK, writes(2, { hardState: hard(1, 1) }, ['a', accepted('b', 1)])),
  durable: told({ kind: 'persisted', sequence: 2 }),
  accepts: told(TICK, writes(3, { append: [entry(1, 1)] }, ['a', accepted('b', 1, 1)])),
};
const DECIDES: Script = { decides: hears('a', decide(1, 0), { commit: [entry(1, 1)] }) };

/** `a` leads ballot 1, decides one entry, and answers a read. */
const LEADER: Script = {
  promises: told(TICK, writes(1, { hardState: hard(1, 0) }, ['a', promise('a', 1)])),
  durable: told({ kind: 'persisted', sequence: 1 }),
  ownPromise: hears('a', promise('a', 1)),
  adopts: hears('b', promise('b', 1), writes(2, { hardState: hard(1, 1) }, ['a', accepted('a', 1)])),
  ownJoins: hears('a', accepted('a', 1)),
  proposes: told({ kind: 'propose' }, writes(3, { append: [entry(1, 1)] }, ['a', accepted('a', 1, 1)])),
  ownAccepts: hears('a', accepted('a', 1, 1)),
  decides: hears('b', accepted('b', 1, 1), { commit: [entry(1, 1)] }),
  asks: told({ kind: 'read', context: 7 }, sends(['b', decide(1, 3)])),
  answers: hears('b', confirm(1, 3), read(7)),
};

/** `b` and then `c` promise ballot 3; `c` adopts a log of `lastIndex` entries. */
function later(lastIndex: number, append = [entry(1, 1)].slice(0, lastIndex)): Played {
  const [b, c] = [promise('b', 3, 1, 1), promise('c', 3)];
  return [
    ['b', { promises: told(TICK, writes(1, { hardState: hard(3, 1) }, ['c', b])) }, storing(hard(1, 1), [entry(1, 1)])],
    [
      'c',
      {
        promises: told(TICK, writes(1, { hardState: hard(3, 0) }, ['c', c])),
        ownPromise: hears('c', c),
        adopts: hears('b', b, writes(2, { hardState: hard(3, 3), append }, ['c', accepted('c', 3, lastIndex)])),
      },
    ],
  ];
}

type Played = readonly (readonly [self: string, script: Script, stored?: Recovered])[];

function found(scripts: Played, isForgetful = false): readonly string[] {
  return judge((report) => new PaxosWatch({ isForgetful: () => isForgetful, report }), scripts);
}

describe('a good history', () => {
  it.each<[string, Played]>([
    [
      'of one ballot',
      [
        ['b', FOLLOWER],
        ['a', LEADER],
        ['c', { ...FOLLOWER, ...DECIDES }],
      ],
    ],
    ['of two', [['b', FOLLOWER], ['a', LEADER], ...later(1)]],
    ['told from behind', [['b', FOLLOWER], ...later(1), ['a', LEADER]]],
    [
      'of a leader that answers a read and takes a later ballot in the same step',
      [
        ['b', FOLLOWER],
        [
          'a',
          {
            ...LEADER,
            answers: hears(
              'b',
              confirm(1, 3),
              read(7),
              writes(4, { hardState: hard(4, 1) }, ['a', promise('a', 4, 1, 1)]),
            ),
          },
        ],
      ],
    ],
    [
      'of a leader that tried before, and hears of that late',
      [
        ['b', { promises: told(TICK, writes(1, { hardState: hard(4, 0) }, ['a', promise('b', 4)])) }],
        [
          'a',
          {
            promises: LEADER.promises,
            promisesAgain: told(TICK, writes(2, { hardState: hard(4, 0) }, ['a', promise('a', 4)])),
            ownPromise: hears('a', promise('a', 4)),
            late: hears('b', promise('b', 1)),
            adopts: hears('b', promise('b', 4), writes(3, { hardState: hard(4, 4) }, ['a', accepted('a', 4)])),
          },
        ],
      ],
    ],
    [
      'with a restart',
      [
        ['b', FOLLOWER],
        ['b', {}, storing(hard(1, 1), [entry(1, 1)])],
      ],
    ],
  ])('%s passes', (_, scripts) => {
    expect(found(scripts)).toEqual([]);
  });
});

const WRONG: readonly (readonly [checks: readonly string[], what: string, scripts: Played])[] = [
  [
    ['a leader begins with what is committed', 'a leader adopts the best log of a quorum'],
    'the promised log is left out',
    [['b', FOLLOWER], ['a', LEADER], ...later(0)],
  ],
  [
    ['a leader adopts the best log of a quorum'],
    'another log is adopted',
    [['b', FOLLOWER], ...later(1, [entry(1, 2, 'b')])],
  ],
  [
    ['a leader adopts the best log of a quorum'],
    'nobody else has promised',
    [['a', { promises: LEADER.promises, ownPromise: hears('a', promise('a', 1), LEADER.adopts?.output ?? {}) }]],
  ],
  [
    ['a promise shows what is accepted'],
    'a promise leaves entries out',
    [
      [
        'b',
        { promises: told(TICK, writes(1, { hardState: hard(3, 1) }, ['c', promise('b', 3, 1, 0)])) },
        storing(hard(1, 1), [entry(1, 1)]),
      ],
    ],
  ],
  [
    ['a promise shows what is accepted'],
    'a promise names another round',
    [
      [
        'b',
        { promises: told(TICK, writes(1, { hardState: hard(3, 1) }, ['c', promise('b', 3, 0, 1)])) },
        storing(hard(1, 1), [entry(1, 1)]),
      ],
    ],
  ],
  [
    ['nothing of an earlier epoch is accepted'],
    'a lower ballot is accepted',
    [
      [
        'b',
        {
          promises: told(TICK, writes(1, { hardState: hard(3, 1) })),
          accepts: told(TICK, writes(2, {}, ['a', accepted('b', 1, 1)])),
        },
        storing(hard(1, 1), [entry(1, 1)]),
      ],
    ],
  ],
  [
    ['epochs never fall'],
    'a promise falls',
    [['b', { falls: told(TICK, writes(1, { hardState: hard(1, 0) })) }, storing(hard(3, 0))]],
  ],
  [
    ['epochs never fall'],
    'a promise is lost at a restart',
    [
      ['b', FOLLOWER],
      ['b', {}, storing(hard(1, 0), [entry(1, 1)])],
    ],
  ],
  [
    ['nothing is accepted above what is promised'],
    'the accepted round is',
    [['b', { accepts: told(TICK, writes(1, { hardState: hard(1, 3) })) }]],
  ],
  [
    ['promised when stored'],
    'the ballot is not',
    [['b', { promises: told(TICK, writes(1, {}, ['a', promise('b', 1)])) }]],
  ],
  [
    ['promised when durable'],
    'an acceptance leaves at once',
    [
      [
        'b',
        { ...FOLLOWER, accepts: told(TICK, writes(3, { append: [entry(1, 1)] }), sends(['a', accepted('b', 1, 1)])) },
      ],
    ],
  ],
  [
    ['an epoch begins once'],
    'a ballot is led again after a restart',
    [
      ['b', FOLLOWER],
      ['a', LEADER],
      [
        'a',
        {
          promises: told(TICK, writes(1, {}, ['a', promise('a', 1, 1, 1)])),
          own: hears('a', promise('a', 1, 1, 1)),
          adopts: hears('b', promise('b', 1), writes(2, {}, ['a', accepted('a', 1, 1)])),
        },
        storing(hard(1, 1), [entry(1, 1)]),
      ],
    ],
  ],
  [
    ['a leader commits what a quorum holds'],
    'half of the voters accepted it',
    [
      ['b', FOLLOWER],
      ['a', { ...LEADER, ownAccepts: hears('a', accepted('a', 1, 1), { commit: [entry(1, 1)] }), decides: undefined }],
    ],
  ],
  [
    ['committed is what a leader committed'],
    'a follower decides more than its leader',
    [
      ['b', FOLLOWER],
      ['a', { ...LEADER, decides: undefined, asks: undefined, answers: undefined }],
      ['c', { ...FOLLOWER, ...DECIDES }],
    ],
  ],
  [
    ['what is committed stays'],
    'what is decided is cut off',
    [
      ['b', FOLLOWER],
      ['a', { ...LEADER, cuts: told(TICK, writes(4, { truncateFrom: 1 })) }],
    ],
  ],
  [
    ['a ballot is led once'],
    'a leader takes its ballot again',
    [
      ['b', FOLLOWER],
      ['a', { ...LEADER, again: told(TICK, writes(4, {}, ['a', promise('a', 1, 1, 1)])) }],
    ],
  ],
  [
    ['an epoch is accepted with its history'],
    'a part of it is missing',
    [
      ['b', FOLLOWER],
      ['a', LEADER],
      ...later(1),
      ['a', { joins: told(TICK, writes(1, { hardState: hard(3, 3) }, ['c', accepted('a', 3)])) }, storing(hard(1, 1))],
    ],
  ],
  [
    ['a quorum confirms a read'],
    'nobody does',
    [
      ['b', FOLLOWER],
      ['a', { ...LEADER, answers: told(TICK, read(7)) }],
    ],
  ],
  [
    ['a leader reads when what it began with is committed'],
    'it leads no more',
    [
      ['b', FOLLOWER],
      [
        'a',
        {
          ...LEADER,
          promisesAnother: told(TICK, writes(4, { hardState: hard(3, 1) })),
          answers: undefined,
          asks2: told({ kind: 'read', context: 8 }, sends(['b', decide(1, 4)])),
          answers2: hears('b', confirm(3, 4), read(8)),
        },
      ],
    ],
  ],
];

describe('the watch over Paxos', () => {
  it.each(WRONG)('reports %j when %s', (checks, _, scripts) => {
    expect(found(scripts)).toEqual(checks);
  });

  it('asks nothing of a disk that was made to forget', () => {
    expect(
      found(
        [
          ['b', FOLLOWER],
          ['b', {}, storing()],
        ],
        true,
      ),
    ).toEqual([]);
  });
});
