import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'raft', validators: 4, first: 401, last: 406, changes: true });
seedTests({ protocol: 'zab', validators: 4, first: 411, last: 416, changes: true });
