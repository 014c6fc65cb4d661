export {
  createProgress,
  enterMode,
  IN_FLIGHT_BATCHES_MAX as IN_FLIGHT_APPENDS_MAX,
  IN_FLIGHT_BYTES_MAX,
  isThrottled,
  noteAccepted,
  noteSent,
  type Progress,
} from '@varve/consensus';
