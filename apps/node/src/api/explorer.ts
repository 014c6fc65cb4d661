import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { ApiStartError } from './errors.ts';
import { EXPLORER_FILES_MAX } from './limits.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};
/** Names below it carry a hash of their content. */
const HASHED = '/assets/';

/** A file of the explorer, ready to send. */
export interface StaticFile {
  readonly type: string;
  readonly cacheControl: string;
  readonly bytes: Buffer;
}

/** The explorer's files. Only what lay in the folder at the start is served, so no address leads out of it. */
export class Explorer {
  readonly #paths: ReadonlyMap<string, string>;

  private constructor(paths: ReadonlyMap<string, string>) {
    this.#paths = paths;
  }

  /**
   * Lists the folder.
   * @returns Nothing where there is no folder.
   * @throws {ApiStartError} `EXPLORER_UNREADABLE`.
   */
  static async open(folder: string): Promise<Explorer | undefined> {
    try {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      if (files.length > EXPLORER_FILES_MAX) throw unreadable(folder, `more than ${EXPLORER_FILES_MAX} files`);
      return new Explorer(
        new Map(
          files.map((entry) => {
            const path = join(entry.parentPath, entry.name);
            return [`/${relative(folder, path).split(sep).join('/')}`, path];
          }),
        ),
      );
    } catch (error) {
      if (error instanceof ApiStartError) throw error;
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw unreadable(folder, error instanceof Error ? error.message : String(error), error);
    }
  }

  /** The file at an address; the page itself at addresses without extension, which its own router shows. */
  async file(address: string): Promise<StaticFile | undefined> {
    const name = this.#paths.has(address) || extname(address) !== '' ? address : '/index.html';
    const path = this.#paths.get(name);
    if (path === undefined) return undefined;
    return {
      type: TYPES[extname(path)] ?? 'application/octet-stream',
      cacheControl: name.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache',
      bytes: await readFile(path),
    };
  }
}

function unreadable(path: string, reason: string, cause?: unknown): ApiStartError {
  return new ApiStartError('EXPLORER_UNREADABLE', { path, reason }, { cause });
}
