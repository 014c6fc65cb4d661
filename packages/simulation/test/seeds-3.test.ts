import { seedTests } from './seed-tests.ts';

seedTests({ validators: 3, first: 1, last: 200 });
