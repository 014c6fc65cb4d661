// Sets up everything: dependencies, Node 24 among them, and the explorer. Runs on Node 20 with npm alone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** The Node that everything but these scripts runs on. */
export const node = join(root, 'node_modules', 'node', 'bin', 'node');
const NODE_MAJOR_MIN = 20;
const PNPM = 'pnpm@12.21.0';
const stamps = join(root, 'node_modules', '.cache', 'varve');

/** Does what is not done yet; nothing, and at once, when nothing changed. */
export function setUp({ quiet = false } = {}) {
  const say = (text) => quiet || process.stderr.write(`setup: ${text}\n`);
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN)
    fail(`Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.version}`);
  const manifests = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...packageManifests()];
  step(
    'install',
    manifests.map((name) => join(root, name)),
    existsSync(node),
    () => {
      say('installing dependencies; the first time takes a minute');
      run('npx', ['-y', PNPM, 'install', '--frozen-lockfile'], root, quiet);
    },
  );
  const crypto = join(root, 'packages', 'crypto');
  const assembly = join(crypto, 'assembly');
  step(
    'batch',
    [...filesBelow(assembly), join(crypto, 'package.json')],
    existsSync(join(crypto, 'src', 'generated', 'batch-module.ts')),
    () => {
      say('compiling the batch verifier');
      run(node, [join(assembly, 'build.js')], crypto, quiet);
    },
  );
  const explorer = join(root, 'apps', 'explorer');
  if (hasBuild(explorer)) {
    // It is made of the libraries too.
    const sources = [explorer, ...librarySources()].flatMap(filesBelow);
    step('explorer', sources, existsSync(join(explorer, 'dist', 'index.html')), () => {
      say('building the explorer');
      run(
        node,
        [join(viteFolder(explorer), 'bin', 'vite.js'), 'build', ...(quiet ? ['--logLevel', 'error'] : [])],
        explorer,
        quiet,
      );
    });
  }
  say('done');
}

/** Runs `work` unless its result is there and it last ran on the same files. */
function step(name, files, isThere, work) {
  const stamp = join(stamps, name);
  const digest = digestOf(files);
  if (isThere && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  work();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, digest);
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function packageManifests() {
  return ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')))
    .filter((name) => existsSync(join(root, name)));
}

function librarySources() {
  const packages = join(root, 'packages');
  return readdirSync(packages)
    .map((name) => join(packages, name, 'src'))
    .filter((folder) => existsSync(folder));
}

/** The explorer has a page to build, and something to build it with. */
function hasBuild(explorer) {
  return existsSync(join(explorer, 'index.html')) && viteFolder(explorer) !== undefined;
}

function viteFolder(explorer) {
  return [explorer, root].map((folder) => join(folder, 'node_modules', 'vite')).find((folder) => existsSync(folder));
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (['node_modules', 'dist', 'dist-types', 'test'].includes(entry.name)) return [];
    if (entry.isDirectory()) return filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

function run(command, args, cwd, quiet) {
  // Its talk goes to standard error: standard output belongs to whatever comes after the set-up.
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    stdio: ['inherit', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2],
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  fail(`"${command} ${args.join(' ')}" failed${error ? `: ${error.message}` : ` with exit code ${status}`}`);
}

function fail(message) {
  process.stderr.write(`setup: error: ${message}\n`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) setUp({ quiet: process.argv.includes('--quiet') });
