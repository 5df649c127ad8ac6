// Bounds of recordings, by name.
import { milliseconds, minutes, seconds } from '#contract/time.ts';

/** A segment is sealed when it is so old, however little is in it. */
export const segmentAge = seconds(1);
/** It is sealed earlier when so much is in it and it is so old; and with so much whatever its age. */
export const segmentBytes = 65_536;
export const segmentPause = milliseconds(100);
export const segmentMost = 1_048_576;
/** After the seal that finds so much in a file, the next segment begins another. */
export const fileBytes = 1_048_576;
/** No file that we wrote is larger, once it is unpacked. */
export const fileLimit = 4_194_304;
/** So much output is written at once, and nothing waits for more. */
export const writeBytes = 262_144;
/** Bytes that wait for the disk: from `full` on the terminal holds, at `drained` it goes on, beyond `most` they are lost. */
export const waiting = { full: 1_048_576, drained: 262_144, most: 16_777_216 };
/** A disk that has not answered for so long has failed. */
export const diskPatience = seconds(10);
/** The end of a recording waits so long for its disk, and so long for the chronicle. */
export const endPatience = seconds(5);
/** Between two tries to tell the chronicle; what waits to be told. */
export const tellPause = seconds(1);
export const tellsKept = 100;
/** Given up when the disk is full. */
export const reserveBytes = 64 * 1024 * 1024;
/** A mark's JSON, in bytes; what is longer is replaced by a word. */
export const markLimit = 65_536;
/** Recordings that are kept, however small. */
export const recordingsKept = 5000;
/** Files in one recording. */
export const filesLimit = 100_000;
/** What a player has of files that were read, and of screens that were made. */
export const readFilesKept = 6;
export const keyframeBytes = 32 * 1024 * 1024;
/** Recordings that are read whole at once, for their verdicts. */
export const inspectionsKept = 200;
/** Recordings that are being sent as asciicast at once, and how long one may take. */
export const exportsAtOnce = 4;
export const exportTime = minutes(10);
