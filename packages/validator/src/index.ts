export type {
  Admission,
  Answer,
  Effects,
  GossipTopic,
  Instant,
  LogLine,
  Notice,
  Retry,
  TransactionState,
  ValidatorEvent,
  VerifyItem,
} from './events.ts';
