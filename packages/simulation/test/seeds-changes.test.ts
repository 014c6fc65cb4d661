import { seedTests } from './seed-tests.ts';

seedTests(
  { protocol: 'raft', validators: 4, first: 401, last: 404, changes: true },
  { protocol: 'zab', validators: 4, first: 411, last: 414, changes: true },
);
