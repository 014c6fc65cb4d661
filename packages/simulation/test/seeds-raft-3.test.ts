import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'raft', validators: 3, first: 73, last: 108 });
