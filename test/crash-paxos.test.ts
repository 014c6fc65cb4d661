import { crashTests } from './support/crash-tests.ts';

crashTests('paxos', 2);
