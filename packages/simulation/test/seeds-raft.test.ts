import { seedTests } from './seed-tests.ts';

seedTests(
  { protocol: 'raft', validators: 3, first: 1, last: 108 },
  { protocol: 'raft', validators: 5, first: 109, last: 120 },
);
