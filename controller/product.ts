// Where the product is installed and what version it is. Every path that a process starts another by
// is resolved from here, the same from the source tree and from the built files.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';

/** The folder that holds package.json, dist and flows. */
export const productRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

export const productVersion = z
  .looseObject({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(productRoot, 'package.json'), 'utf8'))).version;

/** A built file, such as `controller/main.js`. Throws `E_FILE_READ` when the product is not built. */
export function builtFile(name: string): string {
  const path = join(productRoot, 'dist', name);
  if (!existsSync(path))
    throw new CellError('E_FILE_READ', `${path} is missing: build with \`npm run build\``);
  return path;
}

function findRoot(from: string): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const up = dirname(from);
  if (up === from) throw new CellError('E_FILE_READ', 'the product has no package.json beside it');
  return findRoot(up);
}
