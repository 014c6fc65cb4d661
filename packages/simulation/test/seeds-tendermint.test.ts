import { seedTests } from './seed-tests.ts';

seedTests({ protocol: 'tendermint', validators: 4, first: 301, last: 312 });
