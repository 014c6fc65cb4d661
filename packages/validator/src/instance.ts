import type { Configuration, ValidatorMember } from '@varve/consensus';
import type { InstanceId, PublicKeyHex } from '@varve/encoding';
import type { Ledger, RecordStore, RuledStretch } from '@varve/ledger/chain';
import type { EngineHost } from './engine-host.ts';
import { EngineLog } from './engine-log.ts';
import type { EvidenceBook } from './evidence.ts';
import { Greeting, type GreetingEvents, type OwnRecord } from './greeting.ts';
import { type Leaving, leavingOf } from './leaving.ts';
import type { VoteRight } from './observer-only.ts';
import type { ValidatorOptions } from './options.ts';
import type { Outbox } from './outbox.ts';
import type { Peers } from './peers.ts';
import { Sealing, type SealingEvents } from './sealing.ts';
import type { StoredInstance } from './stored-instance.ts';

/** What a node has for one configuration only, from its first block to the certificate of its last (DESIGN §2). */
export interface Instance {
  readonly id: InstanceId;
  readonly ruled: RuledStretch;
  /** What the store held of it when it began here. */
  readonly stored: StoredInstance;
  /** This node's seat, if it has one. */
  readonly self: ValidatorMember | undefined;
  /** The seat that names this node with a signing key it does not hold: it follows, and does not vote. */
  readonly keyless: ValidatorMember | undefined;
  /** Of a validator that lost its seat. */
  readonly leaving: Leaving | undefined;
  readonly log: EngineLog;
  readonly sealing: Sealing;
  readonly greeting: Greeting;
  engine: EngineHost | undefined;
}

/** What an instance is made of. */
export interface InstanceParts {
  readonly ledger: Ledger;
  readonly records: RecordStore;
  readonly peers: Peers;
  readonly outbox: Outbox;
  readonly options: ValidatorOptions;
  readonly stored: StoredInstance;
  readonly evidence: EvidenceBook;
  readonly sealingEvents: SealingEvents;
  readonly greetingEvents: GreetingEvents;
  readonly own: () => OwnRecord;
  readonly voteRight: VoteRight;
}

/** The instance of the configuration that rules; its engine begins later. */
export function openInstance(parts: InstanceParts): Instance {
  const { ledger, records, peers, outbox, options, stored } = parts;
  const ruled = ledger.ruling;
  peers.seat(ruled.configuration.validators);
  const seat = seatNaming(ruled.configuration, options.networkKey);
  const self = seat && options.signingKeys.includes(seat.signingKey) ? seat : undefined;
  const keyless = self ? undefined : seat;
  if (keyless) outbox.log('warn', 'KEY_MISMATCH', { detail: keyMismatch(keyless, options.signingKeys) });
  parts.voteRight.take(self, seat, stored.id);
  return {
    id: stored.id,
    ruled,
    stored,
    self,
    keyless,
    leaving: leavingOf(ledger, options.networkKey, peers, outbox),
    log: new EngineLog(records, stored, ledger),
    sealing: new Sealing(ledger, peers, outbox, options.signatureRule, parts.evidence, self, parts.sealingEvents),
    greeting: new Greeting(
      ledger,
      peers,
      outbox,
      parts.voteRight.lost ? undefined : self,
      {
        instance: stored.id,
        bootId: options.bootId,
        protocol: options.protocols(ruled.configuration.protocol),
        rule: options.signatureRule,
      },
      parts.own,
      parts.greetingEvents,
    ),
    engine: undefined,
  };
}

/** The seat that names this peer id. */
function seatNaming(configuration: Configuration, networkKey: PublicKeyHex): ValidatorMember | undefined {
  return configuration.validators.find((member) => member.networkKey === networkKey);
}

/** Which key the seat has, and which this node holds: it may be a coming configuration's, or simply the wrong one. */
export function keyMismatch(seat: ValidatorMember, held: readonly PublicKeyHex[]): string {
  const own = held.length > 0 ? held.join(', ') : 'none';
  return `the seat of ${seat.name} has the signing key ${seat.signingKey}, and this node holds ${own}: it does not vote`;
}
