// Bundles for tests of the installation: the product's own, made once by `npm run bundle`'s script, and others
// that are the same but for what a test changes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './test-cell.ts';

function sh(command: string, cwd: string): string {
  const ran = spawnSync('sh', ['-ec', command], { cwd, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  if (ran.status !== 0) throw new Error(`${command}: ${ran.stderr}`);
  return ran.stdout.trim();
}

/** The archive of the product as it is built now. */
export function makeBundle(): string {
  const said = sh('node deploy/bundle.mjs', root);
  return join(root, said.split(' ')[0] ?? '');
}

/** Unpacks an archive so that `folder` is the bundle. */
export function unpack(archive: string, folder: string): void {
  mkdirSync(folder);
  sh(`tar -xzf '${archive}' --strip-components=1`, folder);
}

/** Writes the sums of what is there now. */
export function seal(folder: string): void {
  sh(
    'rm -f SHA256SUMS; find . -type f ! -path ./SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >../sums; mv ../sums SHA256SUMS',
    folder,
  );
}

/** The bundle `from` of `folder` as another version; files that are the same are shared. */
export function variantOf(folder: string, from: string, name: string, version: string): string {
  sh(`cp -al '${from}' '${name}'`, folder);
  const variant = join(folder, name);
  const product = readFileSync(join(variant, 'package.json'), 'utf8');
  for (const file of ['VERSION', 'package.json']) rmSync(join(variant, file));
  writeFileSync(join(variant, 'VERSION'), `${version}\n`);
  const changed = product.replace(/"version": "[^"]+"/, `"version": "${version}"`);
  writeFileSync(join(variant, 'package.json'), changed);
  seal(variant);
  return variant;
}
