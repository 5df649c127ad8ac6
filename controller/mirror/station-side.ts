// What the mirror needs of station: a way to control, and a log of which some lines belong in the record.
import type { FromClient } from '#contract/wire.ts';
import type { StationEvent } from '#controller/server/records.ts';

/** False when control is not there: what was sent is then gone. */
export type SendToControl = (message: FromClient) => boolean;

/** What is refused at this door is recorded where control can be told. */
export type MirrorLog = (level: 'info' | 'warn', text: string, refused?: StationEvent) => void;
