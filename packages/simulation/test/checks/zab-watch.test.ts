import type { Recovered } from '@varve/consensus';
import { encodeCbor } from '@varve/encoding';
import { describe, expect, it } from 'vitest';
import { ZabWatch } from '../../src/checks/zab-watch.ts';
import { entry, hears, judge, type Script, sends, storing, told, writes } from './leader-script.ts';

const TICK = { kind: 'tick' };
const hard = (accepted: number, current: number, leader = 'a') => encodeCbor([1, accepted, leader, current]);
const zxid = (epoch: number, counter: number) => ({ epoch, counter });
const ackEpoch = (voter: string, epoch: number, history = zxid(0, 0), currentEpoch = 0) => {
  return { kind: 'ackEpoch', epoch, currentEpoch, zxid: history, voter };
};
const ackLeader = (voter: string, epoch: number, counter = 0) => ({ kind: 'ackLeader', epoch, counter, voter });
const ack = (voter: string, epoch: number, counter: number) => ({ kind: 'ack', epoch, counter, voter });
const ping = (epoch: number, context: number) => ({ kind: 'ping', epoch, counter: 0, context });
const pong = (epoch: number, context: number) => ({ kind: 'pong', epoch, context });
const upToDate = (epoch: number) => ({ kind: 'upToDate', epoch, counter: 0 });
const read = (context: number) => ({ reads: [{ context, index: 1, ok: true }] });

/** `a` is elected, proposes and commits one entry, and answers a read. */
const LEADER: Script = {
  accepts: told(
    TICK,
    writes(1, { hardState: hard(1, 0) }, ['b', { kind: 'newEpoch', epoch: 1 }], ['a', ackEpoch('a', 1)]),
  ),
  acceptsDurably: told({ kind: 'persisted', sequence: 1 }),
  ownEpoch: hears('a', ackEpoch('a', 1)),
  begins: hears('b', ackEpoch('b', 1), writes(2, { hardState: hard(1, 1) }, ['a', ackLeader('a', 1)])),
  beginsDurably: told({ kind: 'persisted', sequence: 2 }),
  ownJoins: hears('a', ackLeader('a', 1)),
  otherJoins: hears('b', ackLeader('b', 1), sends(['b', upToDate(1)])),
  proposes: told({ kind: 'propose' }, writes(3, { append: [entry(1, 1)] }, ['a', ack('a', 1, 1)])),
  ownAck: hears('a', ack('a', 1, 1)),
  commits: hears('b', ack('b', 1, 1), { commit: [entry(1, 1)] }),
  asks: told({ kind: 'read', context: 7 }, sends(['b', ping(1, 3)])),
  answers: hears('b', pong(1, 3), read(7)),
};

/** `b` follows `a` in epoch 1. */
const FOLLOWER: Script = {
  accepts: told(TICK, writes(1, { hardState: hard(1, 0) }, ['a', ackEpoch('b', 1)])),
  joins: told(TICK, writes(2, { hardState: hard(1, 1) }, ['a', ackLeader('b', 1)])),
  durable: told({ kind: 'persisted', sequence: 2 }),
  stores: told(TICK, writes(3, { append: [entry(1, 1)] }, ['a', ack('b', 1, 1)])),
  commits: hears('a', { kind: 'commit', epoch: 1, counter: 1 }, { commit: [entry(1, 1)] }),
  passesOn: hears('a', { kind: 'readResponse', context: 1, index: 1, ok: true }, read(1)),
};

/** `c` leads epoch 2 with what is in its store. */
function later(epoch = 2, history = 1, current = 1): Script {
  const own = ackEpoch('c', epoch, zxid(current, history), current);
  return {
    accepts: told(TICK, writes(1, { hardState: hard(epoch, current, 'c') }, ['c', own])),
    ownEpoch: hears('c', own),
    begins: hears(
      'b',
      { ...own, voter: 'b' },
      writes(2, { hardState: hard(epoch, epoch, 'c') }, ['c', ackLeader('c', epoch, history)]),
    ),
  };
}

type Played = readonly (readonly [self: string, script: Script, stored?: Recovered])[];

function found(scripts: Played, isForgetful = false): readonly string[] {
  return judge((report) => new ZabWatch({ isForgetful: () => isForgetful, report }), scripts);
}

describe('a good history', () => {
  it.each<[string, Played]>([
    [
      'of one epoch',
      [
        ['a', LEADER],
        ['b', FOLLOWER],
      ],
    ],
    [
      'of two',
      [
        ['a', LEADER],
        ['c', later(), storing(hard(1, 1), [entry(1, 1)])],
      ],
    ],
    [
      'of a leader that tried before, and hears of that late',
      [
        [
          'c',
          { ownEpoch: later().ownEpoch, late: hears('b', ackEpoch('b', 1)), ...later() },
          storing(hard(1, 1), [entry(1, 1)]),
        ],
      ],
    ],
    [
      'told from behind',
      [
        ['c', later(), storing(hard(1, 1), [entry(1, 1)])],
        ['a', LEADER],
      ],
    ],
    [
      'with a restart',
      [
        ['b', { ...FOLLOWER, commits: undefined }],
        ['b', {}, storing(hard(1, 1), [entry(1, 1)])],
      ],
    ],
  ])('%s passes', (_, scripts) => {
    expect(found(scripts)).toEqual([]);
  });
});

const CHANGED: readonly (readonly [check: string, what: string, scripts: Played])[] = [
  [
    'one leader is acknowledged in an epoch',
    'a voter acknowledges another too',
    [
      ['a', LEADER],
      ['c', { hears: hears('b', ackEpoch('b', 1)) }],
    ],
  ],
  [
    'a leader has the best history of a quorum',
    'a follower has a better one',
    [['a', { ...LEADER, begins: hears('b', ackEpoch('b', 1, zxid(0, 1)), LEADER.begins?.output ?? {}) }]],
  ],
  [
    'a leader has the best history of a quorum',
    'nobody but itself acknowledged its epoch',
    [['a', { accepts: LEADER.accepts, ownEpoch: hears('a', ackEpoch('a', 1), LEADER.begins?.output ?? {}) }]],
  ],
  [
    'a leader is established by a quorum',
    'it says so when it has joined itself',
    [['a', { ...LEADER, ownJoins: hears('a', ackLeader('a', 1), sends(['b', upToDate(1)])) }]],
  ],
  [
    'an epoch begins once',
    'a leader that started again begins it again',
    [
      ['a', LEADER],
      [
        'a',
        {
          ownEpoch: hears('a', ackEpoch('a', 1, zxid(1, 1), 1)),
          begins: hears('b', ackEpoch('b', 1), writes(1, {}, ['a', ackLeader('a', 1, 1)])),
        },
        storing(hard(1, 1), [entry(1, 1)]),
      ],
    ],
  ],
  [
    'a leader begins with what is committed',
    'a later one begins without',
    [
      ['a', LEADER],
      ['c', later(2, 0), storing(hard(1, 1))],
    ],
  ],
  [
    'a leader begins with what is committed',
    'it is heard of behind it',
    [
      ['c', later(2, 0), storing(hard(1, 1))],
      ['a', LEADER],
    ],
  ],
  [
    'a leader begins with what is committed',
    'a later one has another entry there',
    [
      ['a', LEADER],
      ['c', later(3, 1, 2), storing(hard(2, 2), [entry(1, 2, 'b')])],
    ],
  ],
];

const SAID: readonly (readonly [check: string, what: string, scripts: Played])[] = [
  [
    'a leader commits what a quorum holds',
    'it counts itself alone',
    [['a', { ...LEADER, ownAck: hears('a', ack('a', 1, 1), { commit: [entry(1, 1)] }), commits: undefined }]],
  ],
  ['a leader commits what a quorum holds', 'a follower has not joined', [['a', { ...LEADER, otherJoins: undefined }]]],
  [
    'committed is what a leader committed',
    'a follower is ahead',
    [
      ['a', { ...LEADER, commits: undefined }],
      ['b', FOLLOWER],
    ],
  ],
  [
    'committed is what was proposed',
    'another payload is',
    [['a', { ...LEADER, commits: hears('b', ack('b', 1, 1), { commit: [entry(1, 1, 'a', 'other')] }) }]],
  ],
  [
    'one proposal in a place',
    'a leader proposes there again',
    [['a', { ...LEADER, again: told({ kind: 'propose' }, writes(4, { append: [entry(1, 1, 'a', 'other')] })) }]],
  ],
  [
    'an epoch is committed from its first proposal',
    'an entry of it stands below its beginning',
    [
      ['a', LEADER],
      [
        'c',
        {
          ...later(2, 2),
          proposes: told({ kind: 'propose' }, writes(3, { truncateFrom: 2, append: [entry(2, 2, 'c')] })),
          ownJoins: hears('c', ackLeader('c', 2, 2)),
          otherJoins: hears('b', ackLeader('b', 2, 2), { commit: [entry(1, 1), entry(2, 2, 'c')] }),
        },
        storing(hard(1, 1), [entry(1, 1), entry(2, 1)]),
      ],
    ],
  ],
  [
    'earlier epochs are committed first',
    'a later one comes before',
    [
      ['a', LEADER],
      [
        'a',
        {
          joins: hears('a', ackLeader('a', 1, 2)),
          otherJoins: hears('b', ackLeader('b', 1, 2)),
          proposes: told({ kind: 'propose' }, writes(1, { append: [entry(2, 1)] })),
          commits: hears('b', ack('b', 1, 2), { commit: [entry(2, 1)] }),
        },
        storing(hard(1, 1), [entry(1, 1)]),
      ],
      ['c', { proposes: told({ kind: 'propose' }, writes(1, { append: [entry(1, 2, 'c')] })) }],
      ['b', { commits: told(TICK, { commit: [entry(1, 2, 'c'), entry(2, 1)] }) }],
    ],
  ],
  [
    'what is committed stays',
    'a follower cuts it off',
    [
      ['a', LEADER],
      ['b', { ...FOLLOWER, cuts: told(TICK, writes(4, { truncateFrom: 1 })) }],
    ],
  ],
];

const PROMISED: readonly (readonly [check: string, what: string, scripts: Played])[] = [
  [
    'epochs never fall',
    'within a run',
    [['b', { ...FOLLOWER, commits: undefined, falls: told(TICK, writes(4, { hardState: hard(1, 0) })) }]],
  ],
  [
    'epochs never fall',
    'at a restart',
    [
      ['b', { ...FOLLOWER, commits: undefined }],
      ['b', {}, storing(hard(1, 0))],
    ],
  ],
  [
    'nothing is accepted above what is promised',
    'currentEpoch is',
    [['b', { accepts: told(TICK, writes(1, { hardState: hard(1, 2) })) }]],
  ],
  [
    'nothing of an earlier epoch is accepted',
    'a follower acknowledges it',
    [
      [
        'b',
        {
          accepts: told(TICK, writes(1, { hardState: hard(2, 0) })),
          acks: told(TICK, writes(2, {}, ['a', ack('b', 1, 1)])),
        },
      ],
    ],
  ],
  [
    'promised when stored',
    'acceptedEpoch is not',
    [['b', { accepts: told(TICK, writes(1, {}, ['a', ackEpoch('b', 1)])) }]],
  ],
  [
    'promised when stored',
    'currentEpoch is not',
    [
      [
        'b',
        {
          ...FOLLOWER,
          joins: told(TICK, writes(2, {}, ['a', ackLeader('b', 1)])),
          stores: undefined,
          commits: undefined,
        },
      ],
    ],
  ],
  [
    'promised when durable',
    'it leaves at once',
    [['b', { accepts: told(TICK, writes(1, { hardState: hard(1, 0) }), sends(['a', ackEpoch('b', 1)])) }]],
  ],
];

const TAKEN: readonly (readonly [check: string, what: string, scripts: Played])[] = [
  [
    'nothing of an earlier epoch is accepted',
    'what is acknowledged was proposed in an earlier one',
    [
      [
        'b',
        {
          stores: hears(
            'a',
            { kind: 'proposal', epoch: 1 },
            writes(1, { append: [entry(1, 1)] }, ['a', ack('b', 2, 1)]),
          ),
        },
        storing(hard(2, 2)),
      ],
    ],
  ],
  [
    'an epoch is accepted with its history',
    'a part of it is missing',
    [
      ['c', later(), storing(hard(1, 1), [entry(1, 1)])],
      ['b', { joins: told(TICK, writes(1, { hardState: hard(2, 2, 'c') }, ['c', ackLeader('b', 2)])) }],
    ],
  ],
];

const READ: readonly (readonly [check: string, what: string, scripts: Played])[] = [
  ['a quorum confirms a read', 'nobody does', [['a', { ...LEADER, answers: told(TICK, read(7)) }]]],
  [
    'a quorum confirms a read',
    'what is confirmed was asked before',
    [
      [
        'a',
        {
          ...LEADER,
          ownAck: hears('a', ack('a', 1, 1), sends(['b', ping(1, 3)])),
          asks: told({ kind: 'read', context: 7 }),
        },
      ],
    ],
  ],
  [
    'a quorum confirms a read',
    'who confirms is in another epoch',
    [['a', { ...LEADER, answers: hears('b', pong(2, 3), read(7)) }]],
  ],
  [
    'a leader reads when what it began with is committed',
    'it is not yet',
    [
      [
        'c',
        {
          ...later(),
          asks: hears('b', { kind: 'readRequest', context: 1 }, sends(['b', ping(2, 1)])),
          answers: hears('b', pong(2, 1), sends(['b', { kind: 'readResponse', context: 1, index: 0, ok: true }])),
        },
        storing(hard(1, 1), [entry(1, 1)]),
      ],
    ],
  ],
];

describe('the watch over ZAB', () => {
  it.each([...CHANGED, ...SAID, ...PROMISED, ...TAKEN, ...READ])('reports "%s" when %s', (check, _, scripts) => {
    expect(found(scripts)).toContain(check);
    expect(new Set(found(scripts)).size).toBe(1);
  });

  it('asks nothing of a disk that was made to forget', () => {
    expect(
      found(
        [
          ['b', { ...FOLLOWER, commits: undefined }],
          ['b', {}, storing()],
        ],
        true,
      ),
    ).toEqual([]);
  });
});
