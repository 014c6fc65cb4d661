import { utf8Encode } from '@varve/encoding';

/** The module that changes configurations. */
export const CONFIGURATION_MODULE = 'governance';
/**
 * Where its state keeps the configuration after the newest change, as FORMATS has it; absent until the first. The block
 * that writes it is the last one of the configuration before.
 */
export const CONFIGURATION_KEY: Uint8Array = utf8Encode('configuration');
