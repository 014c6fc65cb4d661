import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mutantNamed } from './mutants.ts';

/** Loaded before the program with `--import`: plants the bug that the environment names into the module it is in. */
const mutant = mutantNamed(process.env.VARVE_MUTANT ?? '');
const path = join(import.meta.dirname, '..', '..', '..', mutant.file);
const target = pathToFileURL(path).href;
const source = readFileSync(path, 'utf8');
if (source.split(mutant.find).length !== 2) {
  throw new Error(`${mutant.name}: its place must occur exactly once in ${mutant.file}`);
}

registerHooks({
  load(url, context, nextLoad) {
    if (url !== target) return nextLoad(url, context);
    const planted = source.replace(mutant.find, () => mutant.replace);
    return { format: 'module-typescript', source: planted, shortCircuit: true };
  },
});
