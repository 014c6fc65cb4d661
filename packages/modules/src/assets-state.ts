import { type AccountId, CborReader, concatBytes, encodeCbor, fromHex, utf8Encode } from '@varve/encoding';
import { readingAs, type StateReader } from '@varve/ledger';
import { decodeAmount, encodeAmount } from './amount.ts';

/** The module's name. */
export const ASSETS = 'assets';

/** Something that organizations count and hold. */
export interface Asset {
  readonly title: string;
  /** How many decimal digits of the smallest unit make a whole one: for display only. */
  readonly decimals: number;
  /** The organization that issues it. */
  readonly organization: string;
  /** The sum of all balances. */
  readonly supply: bigint;
}

/** State key of an asset, in module `assets`: `a`, then its name. */
export function assetKey(name: string): Uint8Array {
  return concatBytes(Uint8Array.of(0x61), utf8Encode(name));
}

/** State key of what an account holds of an asset: `b`, the account's 32 bytes, then the asset's name. */
export function balanceKey(name: string, account: AccountId): Uint8Array {
  return concatBytes(Uint8Array.of(0x62), fromHex(account), utf8Encode(name));
}

/** State value of an asset: CBOR `[title, decimals, organization, supply amount]`. */
export function encodeAsset(asset: Asset): Uint8Array {
  return encodeCbor([asset.title, asset.decimals, asset.organization, encodeAmount(asset.supply)]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeAsset(bytes: Uint8Array): Asset {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(4);
    const asset = {
      title: reader.text(),
      decimals: reader.uint(),
      organization: reader.text(),
      supply: decodeAmount(reader.byteString()),
    };
    reader.end();
    return asset;
  });
}

/** State value of a balance: CBOR `[amount]`. */
export function encodeBalance(amount: bigint): Uint8Array {
  return encodeCbor([encodeAmount(amount)]);
}

/** @throws {LedgerError} `RECORD_MALFORMED`. */
export function decodeBalance(bytes: Uint8Array): bigint {
  return readingAs('RECORD_MALFORMED', () => {
    const reader = new CborReader(bytes);
    reader.array(1);
    const amount = decodeAmount(reader.byteString());
    reader.end();
    return amount;
  });
}

/** An asset as it stands in `state`. */
export function assetIn(state: StateReader, name: string): Asset | undefined {
  const entry = state.get(ASSETS, assetKey(name));
  return entry && decodeAsset(entry.bytes);
}

/** What an account holds in `state`; without a record, nothing. */
export function balanceIn(state: StateReader, name: string, account: AccountId): bigint {
  const entry = state.get(ASSETS, balanceKey(name, account));
  return entry ? decodeBalance(entry.bytes) : 0n;
}
