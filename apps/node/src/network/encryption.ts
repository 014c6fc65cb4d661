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
    encrypter.secureInbound = (connection, options) => secureInbound(inOnePiece(connection), options);
    encrypter.secureOutbound = (connection, options) => secureOutbound(inOnePiece(connection), options);
    return encrypter;
  };
}

/** The same connection; what is sent at once reaches the transport as one array. */
export function inOnePiece<T extends Pick<MessageStream, 'send'>>(connection: T): T {
  const send = connection.send.bind(connection);
  connection.send = (data) => send(data.subarray());
  return connection;
}
