import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'zab', validators: 3, first: 1, last: 10 });
seedTests({ protocol: 'zab', validators: 5, first: 1, last: 5 });
