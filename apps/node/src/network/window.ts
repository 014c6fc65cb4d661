import type { Stream } from '@libp2p/interface';

/** After so much the sender is told that it may send more: a quarter of the smallest window, which is 256 KiB. */
const UPDATE_BYTES = 64 * 1024;

/**
 * Tells the sender of `stream` seldom that what it sent was read. The multiplexer does so for each chunk, in an encrypted
 * message of its own, which for small chunks costs both ends as much as the chunk does.
 *
 * A stream of another multiplexer is left alone. The window never shrinks for the sender by more than `UPDATE_BYTES`.
 * @param bytesRead - Of the stream so far; asked when the multiplexer would tell.
 */
export function tellSeldom(stream: Stream, bytesRead: () => number): void {
  if (!tellsWindow(stream)) return;
  const tell = stream.sendWindowUpdate.bind(stream);
  let told = bytesRead();
  stream.sendWindowUpdate = () => {
    const read = bytesRead();
    if (read - told < UPDATE_BYTES) return;
    told = read;
    tell();
  };
}

interface TellsWindow {
  sendWindowUpdate(): void;
}

function tellsWindow(stream: object): stream is TellsWindow {
  return 'sendWindowUpdate' in stream && typeof stream.sendWindowUpdate === 'function';
}
