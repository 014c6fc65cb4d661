import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'zab', validators: 3, first: 211, last: 250 });
