import { Worker } from 'node:worker_threads';

/** TypeScript in the repository, JavaScript in a package. */
const isSource = import.meta.url.endsWith('.ts');
const FLAGS = isSource ? ['--conditions=varve-source', '--disable-warning=ExperimentalWarning'] : [];

/**
 * Starts a thread.
 * @param name - Its program's file, without extension, beside that of `from`.
 * @param from - `import.meta.url` of whoever starts it.
 * @param workerData - What it finds under this name.
 */
export function startThread(name: string, from: string, workerData?: object): Worker {
  return new Worker(new URL(`./${name}.${isSource ? 'ts' : 'js'}`, from), { execArgv: FLAGS, workerData });
}
