// Headers of a tar file (POSIX.1-1988 ustar, with GNU long names), so that any `tar` opens a backup. Regular files
// alone, for their owner alone; a header that this file would not have written byte for byte is refused.
import { CellError } from '#contract/error.ts';

/** Everything in a tar file takes whole blocks of so many bytes. */
export const blockSize = 512;
/** Bytes of a path; no data directory has longer ones. */
export const pathLimit = 1024;

export interface Header {
  readonly path: string;
  readonly size: number;
  /** UTC, whole seconds. */
  readonly time: number;
}

const nameSize = 100;
const regular = '0';
/** Its content is the path of the file that follows. */
const longName = 'L';
const longPath = '././@LongLink';
/** Sizes from here on do not fit eleven octal digits; GNU tar writes them in binary. */
const octalLimit = 8 ** 11;

/** What stands before the content of a file. */
export function encodeHeader({ path, size, time }: Header): Buffer {
  const name = Buffer.from(path, 'utf8');
  if (name.length > pathLimit) throw new CellError('E_FILE_READ', `${path}: the name is too long`);
  if (name.length <= nameSize) return block(name, regular, { size, time });
  const text = Buffer.concat([name, Buffer.alloc(1)]);
  return Buffer.concat([
    block(Buffer.from(longPath), longName, { size: text.length, time }),
    text,
    padding(text.length),
    block(name.subarray(0, nameSize), regular, { size, time }),
  ]);
}

/** Reads what `encodeHeader` wrote, block by block; undefined at the end of the file. Throws `E_BACKUP_DAMAGED`. */
export async function decodeHeader(
  take: (size: number) => Promise<Buffer>,
): Promise<Header | undefined> {
  const first = await take(blockSize);
  if (first.every((byte) => byte === 0)) {
    const last = await take(blockSize);
    if (last.some((byte) => byte !== 0)) throw damaged();
    return undefined;
  }
  const size = readSize(first);
  const time = readTime(first);
  if (first[typePlace] !== longName.charCodeAt(0)) {
    const path = textOf(first.subarray(0, nameSize));
    return same({ path, size, time }, [first]);
  }
  if (size > pathLimit + 1) throw damaged();
  const text = await take(size + padding(size).length);
  const next = await take(blockSize);
  const path = textOf(text.subarray(0, size));
  return same({ path, size: readSize(next), time }, [first, text, next]);
}

/** Zeros up to the next block. */
export const padding = (size: number): Buffer =>
  Buffer.alloc((blockSize - (size % blockSize)) % blockSize);

/** What stands at the end. */
export const endOfTar = Buffer.alloc(2 * blockSize);

const sizePlace = 124;
const timePlace = 136;
const sumPlace = 148;
const typePlace = 156;

function block(name: Buffer, type: string, { size, time }: Omit<Header, 'path'>): Buffer {
  const made = Buffer.alloc(blockSize);
  name.copy(made);
  made.write(`${['0000600', '0000000', '0000000'].join('\0')}\0`, nameSize, 'latin1');
  if (size < octalLimit) made.write(`${octal(size)}\0`, sizePlace, 'latin1');
  else {
    made[sizePlace] = 0x80;
    made.writeBigUInt64BE(BigInt(size), sizePlace + 4);
  }
  made.write(`${octal(time)}\0`, timePlace, 'latin1');
  made.write(type, typePlace, 'latin1');
  made.write(['ustar', '00'].join('\0'), typePlace + 101, 'latin1');
  made.write('        ', sumPlace, 'latin1');
  const sum = made.reduce((total, byte) => total + byte, 0);
  made.write(`${sum.toString(8).padStart(6, '0')}\0 `, sumPlace, 'latin1');
  return made;
}

const octal = (value: number): string => value.toString(8).padStart(11, '0');

function readSize(header: Buffer): number {
  if (header[sizePlace] === 0x80) return Number(header.readBigUInt64BE(sizePlace + 4));
  return readOctal(header, sizePlace);
}

const readTime = (header: Buffer): number => readOctal(header, timePlace);

function readOctal(header: Buffer, place: number): number {
  const text = header.toString('latin1', place, place + 11);
  if (!/^[0-7]{11}$/.test(text)) throw damaged();
  return Number.parseInt(text, 8);
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

function same(header: Header, blocks: readonly Buffer[]): Header {
  if (!Number.isSafeInteger(header.size) || !encodeHeader(header).equals(Buffer.concat(blocks))) {
    throw damaged();
  }
  return header;
}

const damaged = (): CellError =>
  new CellError('E_BACKUP_DAMAGED', 'a header is not as it was written');
