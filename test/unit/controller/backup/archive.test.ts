// The file of a backup: what `tar` makes of it, and that not one bit of it may be otherwise.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { CellError } from '#contract/error.ts';
import { readArchive, writeArchive } from '#controller/backup/archive.ts';
import type { Contents } from '#controller/backup/contents.ts';
import { checkBackup, restoreBackup } from '#controller/backup/restore.ts';
import { sealOf } from '#controller/backup/seal.ts';
import { chance } from '#test/unit/controller/chronicle/sample-record.ts';
import { makeFolder } from '#test/unit/controller/chronicle/local-chronicle.ts';

// They write many small files, and a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const folder = makeFolder();
afterAll(folder.remove);
let count = 0;
const fresh = (name: string): string => join(folder.path, `${(count += 1)}-${name}`);

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const manifest = Buffer.from('cell: tending-1\nformat: cell/1\n');
const some: Readonly<Record<string, Buffer>> = {
  'chronicle.db': Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7919) % 251)),
  'cell/cell.yaml': manifest,
  'keys/cell.key': Buffer.alloc(512, 1),
  [`pki/trusted/certs/${'long '.repeat(40)}[0f].pem`]: Buffer.from('x'),
  'retained.json': Buffer.alloc(0),
};

/** An archive of these files, as the product writes it; the list of its contents may be a lie. */
async function packed(
  files: Readonly<Record<string, Buffer>> = some,
  lie: (contents: Contents) => Contents = (contents) => contents,
): Promise<string> {
  const source = fresh('source');
  const places = new Map<string, string>();
  for (const [path, bytes] of Object.entries(files)) {
    const place = join(source, String(places.size));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
    places.set(path, place);
  }
  const listed = Object.entries(files).map(([path, bytes]) => ({
    path,
    size: bytes.length,
    sha256: sha256(bytes),
  }));
  const contents: Contents = {
    format: 'backup/1',
    product: '0.1.0',
    cell: 'tending-1',
    made: 1_790_000_000_000,
    seq: 7,
    boot: 1,
    at: 1_790_000_000_000,
    manifest: 'cell/cell.yaml',
    simulated: false,
    secrets: true,
    wanted: [],
    files: listed,
  };
  const file = fresh('backup.tar.gz');
  await writeArchive(file, lie(contents), { pathOf: (path) => places.get(path) ?? '' });
  return file;
}

/** The code and the text with which a backup is refused; undefined when it is taken. */
async function refusal(file: string): Promise<string | undefined> {
  try {
    await checkBackup({ file });
    return undefined;
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

/** Of the same bytes in another file, sealed anew. */
function resealed(tar: Buffer): string {
  const file = fresh('resealed.tar.gz');
  const body = gzipSync(tar);
  const seal = sealOf(createHash('sha256').update(body).digest());
  writeFileSync(file, Buffer.concat([body, seal]));
  return file;
}

test('what was packed is unpacked, byte for byte', async () => {
  const file = await packed();
  const found: Record<string, Buffer> = {};
  const contents = await readArchive(file, async ({ path }, bytes) => {
    const parts: Buffer[] = [];
    for await (const part of bytes) parts.push(part);
    found[path] = Buffer.concat(parts);
  });
  expect(found).toEqual(some);
  expect(contents.files.map(({ path }) => path)).toEqual(Object.keys(some));
  expect(await refusal(file)).toBeUndefined();
});

test('any tar opens it', async () => {
  const target = fresh('untarred');
  mkdirSync(target);
  const file = await packed();
  const ran = spawnSync('tar', ['xzf', file, '-C', target], { encoding: 'utf8' });
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  for (const [path, bytes] of Object.entries(some)) {
    expect(readFileSync(join(target, path)).equals(bytes), path).toBe(true);
  }
});

test('one flipped bit is refused, wherever it is', async () => {
  const file = await packed();
  const whole = readFileSync(file);
  const random = chance(11);
  const all = whole.length * 8;
  const bits =
    process.env['SOAK'] === '1'
      ? Array.from({ length: all }, (_, bit) => bit)
      : Array.from({ length: 120 }, () => Math.floor(random() * all));
  // The first and the last bytes are the two headers that nothing else covers.
  for (let bit = 0; bit < 80; bit += 2) bits.push(bit, all - 1 - bit * 6);
  const flipped = fresh('flipped.tar.gz');
  const codes = new Set<string>();
  for (const bit of bits) {
    const bytes = Buffer.from(whole);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(flipped, bytes);
    // oxlint-disable-next-line no-await-in-loop -- one bit after the other
    const code = (await refusal(flipped))?.split(' ')[0] ?? `bit ${bit} was taken`;
    codes.add(code);
  }
  expect([...codes].filter((code) => !code.startsWith('E_BACKUP_'))).toEqual([]);
  expect(codes).toContain('E_BACKUP_DAMAGED');
});

test('what is cut off is refused, wherever it was cut', async () => {
  const whole = readFileSync(await packed());
  const cut = fresh('cut.tar.gz');
  for (let length = 0; length < whole.length; length += 97) {
    writeFileSync(cut, whole.subarray(0, length));
    // oxlint-disable-next-line no-await-in-loop -- one length after the other
    expect(await refusal(cut), `${length} bytes`).toMatch(/^E_BACKUP_/);
  }
});

test('the damaged file is named', async () => {
  const tar = gunzipSync(readFileSync(await packed()));
  const at = tar.indexOf(Buffer.alloc(300, 1));
  tar[at + 100] = 2;
  expect(await refusal(resealed(tar))).toMatch(
    /^E_BACKUP_DAMAGED .*: keys\/cell\.key: its bytes are not as they were written$/,
  );
  const headless = gunzipSync(readFileSync(await packed()));
  headless.write('keys/other.key', headless.indexOf('keys/cell.key', 4000));
  expect(await refusal(resealed(headless))).toMatch(/E_BACKUP_DAMAGED .*keys\/cell\.key/);
});

test('more than it lists, or less, is refused', async () => {
  const tar = gunzipSync(readFileSync(await packed()));
  expect(await refusal(resealed(Buffer.concat([tar, Buffer.alloc(512)])))).toContain('its end');
  expect(await refusal(resealed(tar.subarray(0, -512)))).toContain('it ends too soon');
});

describe('a path that leads elsewhere is refused, and nothing is written', () => {
  test.each([
    '../evil',
    '/etc/evil',
    'a/../../evil',
    './evil',
    'a//evil',
    'a\\evil',
    'a\u001Bevil',
  ])('%j', async (path) => {
    const target = join(fresh('place'), 'data');
    const file = await packed({ ...some, [path]: Buffer.from('evil') });
    await expect(restoreBackup({ file, folder: target, time: 0 })).rejects.toMatchObject({
      code: 'E_BACKUP_FORMAT',
      message: expect.stringContaining('files') as string,
    });
    expect(existsSync(target)).toBe(false);
    expect(existsSync(join(folder.path, 'evil'))).toBe(false);
  });
});

test('a link instead of a file is refused', async () => {
  const tar = gunzipSync(readFileSync(await packed()));
  const header = tar.indexOf('keys/cell.key', 4000);
  tar.write('2', header + 156);
  tar.write('/etc/passwd', header + 157);
  const sum = tar
    .subarray(header, header + 512)
    .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, header + 148);
  expect(await refusal(resealed(tar))).toMatch(/E_BACKUP_DAMAGED .*keys\/cell\.key: a header/);
});

test.each([
  ['a later format', { format: 'backup/2', product: '9.0.0' }, 'made by version 9.0.0'],
  ['a file twice', { files: [0, 0] }, 'does not name each file once'],
  ['no manifest', { manifest: 'cell/other.yaml' }, 'does not name each file once'],
])('%s is refused', async (_name, more, told) => {
  const file = await packed({ 'cell/cell.yaml': manifest }, (contents) => {
    const [first] = contents.files;
    return { ...contents, ...more, files: 'files' in more ? [first, first] : [first] } as Contents;
  });
  expect(await refusal(file)).toMatch(new RegExp(`^E_BACKUP_FORMAT .*${told}`));
});

test.each([
  ['no file', undefined, 'E_FILE_READ'],
  ['an empty file', '', 'E_BACKUP_FORMAT'],
  ['a text', 'x'.repeat(5000), 'E_BACKUP_DAMAGED'],
  ['another archive', gzipSync(Buffer.alloc(200_000)), 'E_BACKUP_FORMAT'],
])('%s is no backup', async (_name, bytes, code) => {
  const file = fresh('strange');
  if (bytes !== undefined) writeFileSync(file, bytes);
  expect(await refusal(file)).toMatch(new RegExp(`^${code} `));
});

test('a directory with anything in it is refused, and stays as it was', async () => {
  const target = fresh('full');
  mkdirSync(target);
  writeFileSync(join(target, 'mine'), 'mine');
  await expect(
    restoreBackup({ file: await packed(), folder: target, time: 0 }),
  ).rejects.toMatchObject({ code: 'E_FILE_EXISTS' });
  expect(readdirSync(target)).toEqual(['mine']);
});
