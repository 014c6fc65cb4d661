import { type Auditor, keptIn } from '@varve/audit';
import type { ConfigurationsAnswer } from '@varve/client';
import { type ConfigurationStep, decodeCertificate, decodeHeader, type SealedHeader } from '@varve/ledger';
import { certificateKey, headerKey, type RuledStretch } from '@varve/ledger/chain';
import { configurationJson } from '../api/json.ts';
import type { JudgedBlock } from './copy-audit.ts';

/** Remembers what leads from each configuration to the next, so that evidence of a later one can be checked offline. */
export class ConfigurationSteps {
  /** By height of the last block of a configuration. */
  readonly #last = new Map<number, Omit<ConfigurationStep, 'next'>>();

  note({ sealed, block, isCertified }: JudgedBlock): void {
    if (sealed === undefined || !isCertified || typeof block.certificate === 'string') return;
    if (sealed.header.configurationHash === sealed.header.nextConfigurationHash) return;
    this.#last.set(block.height, { lastHeader: sealed, certificate: decodeCertificate(block.certificate) });
  }

  /** As `/v1/configurations` answers, which is what `varve evidence verify` reads. */
  answer({ replay, derived, height }: Auditor): ConfigurationsAnswer {
    const { configurations, genesis, configurationHash } = replay.ledger;
    return {
      height,
      organizations: genesis.organizations.map(({ name }) => name),
      configurations: configurations.all.map((stretch) => {
        const found = stretch.first === 0 ? undefined : (this.#last.get(stretch.first - 1) ?? stored(derived, stretch));
        const step = found && { ...found, next: stretch.configuration };
        return configurationJson(stretch, stretch.hash === configurationHash, step);
      }),
    };
  }
}

/** What an earlier run passed, the copy still has. */
function stored(derived: Auditor['derived'], { first }: RuledStretch): Omit<ConfigurationStep, 'next'> | undefined {
  const [header, certificate] = [headerKey, certificateKey].map((key) => derived && keptIn(derived, key(first - 1)));
  if (header === undefined || certificate === undefined) return undefined;
  if (typeof header === 'string' || typeof certificate === 'string') return undefined;
  try {
    const lastHeader: SealedHeader = decodeHeader(header);
    return { lastHeader, certificate: decodeCertificate(certificate) };
  } catch {
    return undefined;
  }
}
