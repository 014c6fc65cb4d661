import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

const folder = dirname(fileURLToPath(import.meta.url));

/**
 * Compiles a file of this folder, with all that it exports, to WebAssembly.
 * @param {string} file
 * @param {number} pages - Of 64 KiB. Memory never grows: views on it stay valid.
 * @returns {Promise<Uint8Array>}
 */
export async function compile(file, pages) {
  let binary;
  const { error, stderr } = await main(
    [
      ...[join(folder, file), '--outFile', 'module.wasm', '-O3', '--converge', '--noAssert', '--runtime', 'stub'],
      ...['--enable', 'simd', '--initialMemory', String(pages), '--maximumMemory', String(pages)],
    ],
    {
      writeFile: (name, contents) => {
        if (name === 'module.wasm') binary = contents;
      },
    },
  );
  if (error || binary === undefined) throw new Error(`${stderr}`, { cause: error });
  return binary;
}
