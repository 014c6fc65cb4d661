import { crashTests } from './support/crash-tests.ts';

crashTests('tendermint', 2);
