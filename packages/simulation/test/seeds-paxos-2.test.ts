import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'paxos', validators: 3, first: 161, last: 200 });
