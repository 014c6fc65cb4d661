import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Edit } from './mutant.ts';
import { mutantNamed } from './mutants.ts';

/** Loaded before the program with `--import`: plants the bug that the environment names into the modules it is in. */
const mutant = mutantNamed(process.env.VARVE_MUTANT ?? '');
const planted = new Map<string, string>();
for (const edit of mutant.edits) {
  const { href } = pathToFileURL(pathOf(edit));
  planted.set(href, edited(planted.get(href) ?? readFileSync(pathOf(edit), 'utf8'), edit));
}

registerHooks({
  load(url, context, nextLoad) {
    const source = planted.get(url);
    if (source === undefined) return nextLoad(url, context);
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});

function pathOf({ file }: Edit): string {
  return join(import.meta.dirname, '..', '..', '..', file);
}

/** The source as the bug makes it; its place must be there, or the bug would be none. */
function edited(source: string, edit: Edit): string {
  const parts = source.split(edit.find);
  if (parts.length !== 2) throw new Error(`${mutant.name}: its place must occur exactly once in ${edit.file}`);
  return parts.join(edit.replace);
}
