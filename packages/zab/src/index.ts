export type { ZabMessage } from './message.ts';
export { zab } from './protocol.ts';
