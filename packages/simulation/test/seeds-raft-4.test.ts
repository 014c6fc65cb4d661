import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'raft', validators: 5, first: 109, last: 120 });
