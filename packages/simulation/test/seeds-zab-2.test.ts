import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'zab', validators: 3, first: 251, last: 290 });
