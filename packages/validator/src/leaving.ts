import { faultModelOf, quorumSize } from '@varve/consensus';
import type { PublicKeyHex } from '@varve/encoding';
import type { Ledger, RuledStretch } from '@varve/ledger/chain';
import type { Outbox } from './outbox.ts';
import type { Peer, Peers } from './peers.ts';

/** How far the others are without a validator that lost its seat. */
export interface LeavingStatus {
  /** The last block it had a seat for. */
  readonly lastHeight: number;
  /** Members of the present configuration that reported that block as final, and how many must. */
  readonly reported: number;
  readonly quorum: number;
  /** `SAFE_TO_STOP`: nobody needs its blocks any more. */
  readonly code: 'LEAVING' | 'SAFE_TO_STOP';
}

/**
 * A validator that lost its seat goes on serving blocks until a quorum of the new members has the last one that it had
 * a seat for: before, it may be the only one from whom they can fetch it (DESIGN §2).
 */
export class Leaving {
  readonly #outbox: Outbox;
  readonly #lastHeight: number;
  readonly #quorum: number;
  readonly #reported = new Set<PublicKeyHex>();

  constructor(lastHeight: number, { configuration }: RuledStretch, peers: Peers, outbox: Outbox) {
    this.#outbox = outbox;
    this.#lastHeight = lastHeight;
    this.#quorum = quorumSize(configuration.validators.length, faultModelOf(configuration.protocol));
    for (const peer of peers.members()) this.heard(peer);
  }

  get status(): LeavingStatus {
    const reported = this.#reported.size;
    const code = reported >= this.#quorum ? 'SAFE_TO_STOP' : 'LEAVING';
    return { lastHeight: this.#lastHeight, reported, quorum: this.#quorum, code };
  }

  /** A peer said where it stands. */
  heard({ member, networkKey, hello }: Peer): void {
    if (member === undefined || hello === undefined || hello.finalHeight < this.#lastHeight) return;
    if (this.#reported.has(networkKey)) return;
    this.#reported.add(networkKey);
    if (this.#reported.size === this.#quorum)
      this.#outbox.log('info', 'SAFE_TO_STOP', { lastHeight: this.#lastHeight, reported: this.#quorum });
  }
}

/** For a node that had a seat and has none in the configuration that rules. */
export function leavingOf(ledger: Ledger, networkKey: PublicKeyHex, peers: Peers, outbox: Outbox): Leaving | undefined {
  const { ruling } = ledger;
  const isSeated = ({ configuration }: RuledStretch): boolean =>
    configuration.validators.some((seat) => seat.networkKey === networkKey);
  if (isSeated(ruling)) return undefined;
  const past = ledger.configurations.all.filter(({ first }) => first <= ruling.first);
  const after = past[past.findLastIndex(isSeated) + 1];
  return after && after.first > 0 ? new Leaving(after.first - 1, ruling, peers, outbox) : undefined;
}
