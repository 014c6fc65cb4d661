import { seedTests } from './seed-tests.ts';

seedTests(
  { protocol: 'paxos', validators: 3, first: 121, last: 200 },
  { protocol: 'paxos', validators: 5, first: 201, last: 210 },
);
