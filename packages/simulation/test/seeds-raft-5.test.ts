import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'raft', validators: 5, first: 201, last: 300 });
