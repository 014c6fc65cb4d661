import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'raft', validators: 4, first: 401, last: 408, changes: true });
