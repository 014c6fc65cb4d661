export type { PaxosMessage } from './message.ts';
export { paxos } from './protocol.ts';
