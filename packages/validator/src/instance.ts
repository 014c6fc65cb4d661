import type { Configuration, ValidatorMember } from '@varve/consensus';
import type { InstanceId } from '@varve/encoding';
import type { Ledger, RecordStore, RuledStretch } from '@varve/ledger/chain';
import type { EngineHost } from './engine-host.ts';
import { EngineLog } from './engine-log.ts';
import type { EvidenceBook } from './evidence.ts';
import { Greeting, type GreetingEvents, type OwnRecord } from './greeting.ts';
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
  const self = seatOf(ruled.configuration, options);
  parts.voteRight.take(self);
  return {
    id: stored.id,
    ruled,
    stored,
    self,
    log: new EngineLog(records, stored, () => ledger.applied),
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

/** The seat that this node can take: its peer id is named there, and it can sign with the key. */
function seatOf(configuration: Configuration, options: ValidatorOptions): ValidatorMember | undefined {
  const seat = configuration.validators.find((member) => member.networkKey === options.networkKey);
  return seat && options.signingKeys.includes(seat.signingKey) ? seat : undefined;
}
