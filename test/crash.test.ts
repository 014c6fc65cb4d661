import { crashTests } from './support/crash-tests.ts';

crashTests('raft', 4);
