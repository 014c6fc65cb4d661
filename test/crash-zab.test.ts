import { crashTests } from './support/crash-tests.ts';

crashTests('zab', 2);
