// Packs the files of a recording that nobody writes any more, where that pays. The packed file is whole and on disk
// before the raw one leaves; an interruption anywhere leaves one of the two.
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import type { RecordingDisk } from './disk.ts';
import { bytesOf } from './reader.ts';
import type { RecordingFilePath } from './reader.ts';

const compress = promisify(brotliCompress);
/** Quality 4 took 5 ms a MB of a coloured log to a 27th of it; 11 takes seconds. */
const quality = 4;
/** A packed file is kept when it saves a tenth. */
const pays = 0.9;

/** Whether it was packed. What the disk says of it is thrown; the raw file is then as it was. */
export async function packFile(disk: RecordingDisk, file: RecordingFilePath): Promise<boolean> {
  const bytes = await bytesOf(file);
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality };
  const packed = await compress(bytes, { params });
  if (packed.length > bytes.length * pays) return false;
  const target = `${file.path}.br`;
  const unfinished = `${target}.new`;
  await disk.remove(unfinished);
  const made = await disk.create(unfinished);
  try {
    await made.write(packed, 0);
    await made.sync();
  } finally {
    await made.close();
  }
  await disk.rename(unfinished, target);
  await disk.syncFolder(dirname(target));
  await disk.remove(file.path);
  return true;
}
