import { type NoiseComponents, type NoiseExtensions, noise } from '@chainsafe/libp2p-noise';
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface';
import { ciphers } from './ciphers.ts';

/**
 * Noise, over connections to which each message is given in one piece. The library gives the length of a message and
 * its bytes as two, and the transport has the kernel send each of them by itself: twice the work, for both ends.
 */
export function encryption(): (components: NoiseComponents) => ConnectionEncrypter<NoiseExtensions> {
  return (components) => {
    const encrypter = noise({ crypto: ciphers })(components);
    const secureInbound = encrypter.secureInbound.bind(encrypter);
    const secureOutbound = encrypter.secureOutbound.bind(encrypter);
    encrypter.secureInbound = async (connection, options) =>
      withoutThrows(await secureInbound(inOnePiece(connection), options));
    encrypter.secureOutbound = async (connection, options) =>
      withoutThrows(await secureOutbound(inOnePiece(connection), options));
    return encrypter;
  };
}

/** The same connection; what is sent at once reaches the transport as one array. */
export function inOnePiece<T extends Pick<MessageStream, 'send'>>(connection: T): T {
  const send = connection.send.bind(connection);
  connection.send = (data) => send(data.subarray());
  return connection;
}

/** What a message's length is taken for while its two bytes are not all here: more than what follows them. */
const LENGTH_UNKNOWN = 0xffff;

/** What the library reads messages by, which is not among its types. */
interface Decoder {
  lengthDecoder?: (data: { readonly byteLength: number }) => number;
}

/**
 * The same connection, which finds out without an exception that it has read all that came. The library looks for one more message
 * behind the last, and an error with its stack for each time that there is none was up to 2 % of a validator's processor time.
 */
export function withoutThrows<T extends { readonly connection: object }>(secured: T): T {
  const { decoder } = secured.connection as { readonly decoder?: Decoder };
  const decode = decoder?.lengthDecoder;
  if (decoder && decode) decoder.lengthDecoder = (data) => (data.byteLength < 2 ? LENGTH_UNKNOWN : decode(data));
  return secured;
}
