export type { TendermintMessage } from './message.ts';
export { tendermint } from './protocol.ts';
