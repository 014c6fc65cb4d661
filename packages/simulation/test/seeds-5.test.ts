import { seedTests } from './seed-tests.ts';

seedTests({ validators: 5, first: 201, last: 300 });
