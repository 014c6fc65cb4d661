import { crashTests } from './support/crash-tests.ts';

crashTests('raft', 5);
