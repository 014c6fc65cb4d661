export type { RaftMessage } from './message.ts';
export { raft } from './protocol.ts';
