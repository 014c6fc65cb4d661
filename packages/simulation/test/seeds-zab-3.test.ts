import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'zab', validators: 5, first: 291, last: 300 });
