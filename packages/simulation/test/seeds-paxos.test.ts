import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'paxos', validators: 3, first: 501, last: 508 });
seedTests({ protocol: 'paxos', validators: 5, first: 521, last: 524 });
