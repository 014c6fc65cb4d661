import { crashTests } from './support/crash-tests.ts';
import { PROTOCOL } from './support/devnet.ts';

crashTests(PROTOCOL, 3);
