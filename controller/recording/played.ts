// All events of a recording, one file in memory at a time, for who writes them elsewhere.
import { basename } from 'node:path';
import { CellError } from '#contract/error.ts';
import type { RecordingHead, RecordedEvent } from '#contract/recording.ts';
import { filesOf, readFile } from './reader.ts';

/** Gives the head of the first file, then every event. Throws `E_RECORDING_DAMAGED` where one cannot be read. */
export async function* eventsOf(folder: string): AsyncGenerator<RecordedEvent, void, undefined> {
  const { files } = await filesOf(folder);
  for (const file of files) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const read = await readFile(file);
    for (const { event } of read?.events ?? []) yield event;
  }
}

/** Throws `E_RECORDING_NONE`, `E_RECORDING_DAMAGED`. */
export async function headOf(folder: string): Promise<RecordingHead> {
  const { files } = await filesOf(folder);
  const [first] = files;
  const read = first && (await readFile(first));
  if (read === undefined)
    throw new CellError('E_RECORDING_DAMAGED', `${basename(folder)}: it has no beginning`);
  return read.head;
}
