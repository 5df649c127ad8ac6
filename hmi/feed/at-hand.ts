// What somebody who comes to the machine wants to know beside its states: the part in hand, what safety says,
// whether the devices answer. Drawn from what the cell says of its tags and devices. Pure.
import type { TagInfo } from '#contract/described.ts';
import type { Hello, Snapshot, TagState } from '#contract/wire.ts';
import { qualityOf, statusCode } from '#contract/quality.ts';

export type DeviceState = Snapshot['devices'][string];

/** Tags that a flow writes into its notes, such as the code of a part. */
export const notedTags = (tags: readonly TagInfo[]): readonly TagInfo[] =>
  tags.filter(({ noted = [] }) => noted.length > 0);

/** Inputs of the group `safety`: true, and surely so, is what a safety input must be; a broken wire reads false. */
export const safetyTags = (tags: readonly TagInfo[]): readonly TagInfo[] =>
  tags.filter(
    ({ kind, type, name }) => kind === 'input' && type === 'bool' && name.startsWith('safety.'),
  );

export const isSafe = (state: TagState | undefined): boolean =>
  state?.v === true && qualityOf(statusCode(state.s)) === 'good';

/** Devices that do not simply answer, in the cell's order. */
export const troubledDevices = (
  devices: Hello['devices'],
  states: Readonly<Record<string, DeviceState>> | undefined,
): Hello['devices'] => devices.filter(({ name }) => states?.[name]?.state !== 'online');
