import { existsSync } from 'node:fs';

/** Debian's packages, each with a file that only it brings. */
const PACKAGES: Readonly<Record<string, string>> = {
  'etcd-server': '/usr/bin/etcd',
  zookeeper: '/usr/share/java/zookeeper.jar',
  'libslf4j-java': '/usr/share/java/slf4j-simple.jar',
  'openjdk-17-jre-headless': '/usr/bin/java',
};

/** The packages that are missing, or `undefined`; a sentence for people that says how to get them. */
export function missingPackages(isThere: (file: string) => boolean = existsSync): string | undefined {
  const missing = Object.keys(PACKAGES).filter((name) => !isThere(PACKAGES[name] ?? ''));
  if (missing.length === 0) return undefined;
  return `etcd and ZooKeeper are taken from Debian's packages, of which ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not installed.
Install with: apt-get install --no-install-recommends ${missing.join(' ')}`;
}
