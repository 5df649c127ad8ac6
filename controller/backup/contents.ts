// What stands first in a backup, `backup.json`: of which cell and moment it is, and every file with its sum.
// Paths in it are those of the data directory; the manifest and its flows stand under `cell/`.
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { pathLimit } from './tar.ts';

export const contentsPath = 'backup.json';
/** Bytes of `backup.json`, and files that it may name. */
export const contentsLimit = 16 * 1024 * 1024;
const fileLimit = 100_000;
const format = 'backup/1';

/** Nothing outside the directory, nothing twice in another spelling, nothing that steers a terminal. */
const Path = z
  .string()
  .min(1)
  .max(pathLimit)
  .refine(
    (path) =>
      !/[\p{Cc}\\]/u.test(path) &&
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'a path inside the directory',
  );

export const BackedFile = z.strictObject({
  path: Path,
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type BackedFile = z.infer<typeof BackedFile>;

export const Contents = z.strictObject({
  format: z.literal(format),
  /** The version that made it. */
  product: z.string().max(100),
  cell: z.string().max(100),
  /** When, UTC ms. */
  made: z.int(),
  /** The newest entry of the record: its number, its boot, and when it was written, UTC ms. */
  seq: z.int().positive(),
  boot: z.int().positive(),
  at: z.int(),
  /** The manifest among the files. */
  manifest: Path,
  /** The cell ran on addresses that replaced the manifest's, such as a simulator's. */
  simulated: z.boolean(),
  /** Passwords of `secrets/` are in it. */
  secrets: z.boolean(),
  /** Names of secrets that the manifest asks for. */
  wanted: z.array(z.string().max(100)).max(1000),
  files: z.array(BackedFile).min(1).max(fileLimit),
});
export type Contents = z.infer<typeof Contents>;

/** Throws `E_BACKUP_FORMAT`: not a backup, or none that this version reads, or one that names what it must not. */
export function readContents(text: string): Contents {
  const plain = parsed(text);
  const named = z.looseObject({ format: z.string(), product: z.string() }).safeParse(plain);
  if (named.success && named.data.format !== format) {
    const { format: other, product } = named.data;
    const said = `it is of format ${other.slice(0, 20)}, made by version ${product.slice(0, 20)}`;
    throw new CellError('E_BACKUP_FORMAT', `${said}; this version reads ${format}`);
  }
  const read = Contents.safeParse(plain);
  if (!read.success) {
    throw new CellError('E_BACKUP_FORMAT', `${contentsPath}: ${z.prettifyError(read.error)}`);
  }
  const { files, manifest } = read.data;
  const paths = new Set(files.map(({ path }) => path));
  if (paths.size < files.length || paths.has(contentsPath) || !paths.has(manifest)) {
    throw new CellError('E_BACKUP_FORMAT', `${contentsPath} does not name each file once`);
  }
  return read.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CellError('E_BACKUP_FORMAT', `${contentsPath} is not JSON`, { cause });
  }
}
