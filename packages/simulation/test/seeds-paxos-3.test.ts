import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'paxos', validators: 5, first: 201, last: 210 });
