import type { Admission, ValidatorEvent } from '@varve/validator';
import { beforeEach, expect, it } from 'vitest';
import type { Delivery } from '../../src/host/event-loop.ts';
import { Submissions } from '../../src/host/submissions.ts';

let deliveries: Delivery[];
let submissions: Submissions;

beforeEach(() => {
  deliveries = [];
  let request = 0;
  submissions = new Submissions(
    (event) => void deliveries.push(event),
    () => ++request,
  );
});

const bytes = (...values: number[]): Uint8Array[] => values.map((value) => Uint8Array.of(value));
const refused = (value: number): Admission => ({
  admitted: false,
  id: undefined,
  code: `${value}`,
  retry: 'never',
  detail: '',
});

/** The turn comes: the events of all that was delivered, as the validator would get them. */
function turn(): Extract<ValidatorEvent, { kind: 'submit' }>[] {
  return deliveries.splice(0).map((delivery) => {
    const event = typeof delivery === 'function' ? delivery() : delivery;
    if (event.kind !== 'submit') throw new TypeError('only submissions are delivered');
    return event;
  });
}

const answer = (event: Extract<ValidatorEvent, { kind: 'submit' }>): void =>
  submissions.answered(
    event.request,
    event.transactions.map(([value = 0]) => refused(value)),
  );

it('makes one event of what comes in one turn, and gives everyone what is theirs', async () => {
  const asked = [
    submissions.add(bytes(1)),
    submissions.add(bytes(2, 3)),
    submissions.add([]),
    submissions.add(bytes(4)),
  ];
  const [event, ...others] = turn();
  if (event === undefined) throw new TypeError('an event was delivered');
  expect([event.transactions.map(([value]) => value), others]).toEqual([[1, 2, 3, 4], []]);
  answer(event);
  const codes = (await Promise.all(asked)).map((admissions) => admissions.map((one) => !one.admitted && one.code));
  expect(codes).toEqual([['1'], ['2', '3'], [], ['4']]);
});

it('begins anew after the turn, and when the group is as large as what is verified at once', async () => {
  const first = submissions.add(bytes(1));
  const [one] = turn();
  const second = submissions.add(bytes(2));
  const large = submissions.add(bytes(...Array<number>(256).fill(3)));
  const third = submissions.add(bytes(4));
  const rest = turn();
  expect([one?.transactions.length, ...rest.map(({ transactions }) => transactions.length)]).toEqual([1, 1, 256, 1]);
  for (const event of [...rest.reverse(), ...(one ? [one] : [])]) answer(event);
  expect((await Promise.all([first, second, large, third])).map((admissions) => admissions.length)).toEqual([
    1, 1, 256, 1,
  ]);
});

it('tells everyone when there will be no answer', async () => {
  const asked = [submissions.add(bytes(1)), submissions.add(bytes(2))];
  const events = turn();
  submissions.fail(() => new TypeError('stopping'));
  for (const event of events) answer(event);
  for (const one of asked) await expect(one).rejects.toThrow('stopping');
});
