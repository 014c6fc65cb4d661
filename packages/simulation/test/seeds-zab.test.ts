import { seedTests } from './seed-tests.ts';

seedTests(
  { protocol: 'zab', validators: 3, first: 211, last: 290 },
  { protocol: 'zab', validators: 5, first: 291, last: 300 },
);
