import type { Protocol } from '@varve/consensus';

/**
 * A protocol whose engines start without what they said, where `forgets`: no lock, no valid value, no last votes. The
 * store keeps them, so nothing else notices.
 */
export function forgetting(protocol: Protocol<unknown>, forgets: () => boolean): Protocol<unknown> {
  return {
    ...protocol,
    create: (configuration, { hardState, ...recovered }, options, now) => {
      const isForgotten = hardState !== undefined && forgets();
      const kept = hardState !== undefined && !isForgotten ? { ...recovered, hardState } : recovered;
      return protocol.create(configuration, kept, options, now);
    },
  };
}
