// The drivers' part of a manifest, judged by the driver kinds that are given: nothing here knows a driver.
// The controller passes the kinds that it has loaded; replay passes none and judges nothing of this.
import type { DeviceFrame, Manifest } from '#contract/cell.ts';
import { TagFrame } from '#contract/cell.ts';
import type { DriverKind } from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import type { LinkFacts } from './link-report.ts';
import type { DeviceCheck } from './manifest.ts';
import { problemsOf } from './schema-problems.ts';

/** Driver kinds by name. */
export type DriverKinds = ReadonlyMap<string, DriverKind>;

/** A device's own fields, which its driver's `config` describes. */
export function deviceFields(frame: DeviceFrame): Readonly<Record<string, unknown>> {
  const { driver: _driver, onReturn: _onReturn, ...own } = frame;
  return own;
}

/** A tag's further fields, which its driver's `tagOptions` describes. */
export function tagFields(frame: TagFrame): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(frame).filter(([name]) => !Object.hasOwn(TagFrame.shape, name)),
  );
}

/** Judges devices and tags by their driver's schemas. `names`: every driver that exists, loaded or not. */
export function deviceCheck(
  kinds: DriverKinds,
  names: readonly string[] = [...kinds.keys()],
): DeviceCheck {
  return {
    drivers: names,
    device(frame) {
      const kind = kinds.get(frame.driver);
      return kind === undefined ? [] : problemsOf(kind.config, deviceFields(frame));
    },
    tag(frame, device) {
      const kind = kinds.get(device.driver);
      if (kind === undefined) return [];
      return [
        ...problemsOf(kind.at, frame.at, ['at']),
        ...problemsOf(kind.tagOptions, tagFields(frame)),
      ];
    },
  };
}

/** What the devices of a manifest that was read with `deviceCheck` tell of their tags, for `linkCell`. */
export function deviceFacts(
  manifest: Manifest,
  kinds: DriverKinds,
): Required<Pick<LinkFacts, 'confirms' | 'natural' | 'writable'>> {
  const served = new Map<string, Served>();
  for (const [name, frame] of Object.entries(manifest.tags)) {
    const device = manifest.devices[frame.device];
    const kind = device === undefined ? undefined : kinds.get(device.driver);
    if (device === undefined || kind === undefined) continue;
    const at = kind.at.safeParse(frame.at);
    const config = kind.config.safeParse(deviceFields(device));
    if (!at.success || !config.success) continue;
    const { poll } = frame;
    const place = poll === undefined ? { at: at.data } : { at: at.data, poll };
    served.set(name, { kind, config: config.data, place });
  }
  const find = (tag: TagName): Served | undefined => served.get(tag);
  return {
    confirms(tag) {
      const found = find(tag);
      return found?.kind.confirms(found.config, found.place);
    },
    natural(tag) {
      const found = find(tag);
      return found?.kind.natural(found.place.at);
    },
    writable(tag) {
      const found = find(tag);
      return found?.kind.writable(found.place.at);
    },
  };
}

interface Served {
  readonly kind: DriverKind;
  readonly config: unknown;
  readonly place: { readonly at: unknown; readonly poll?: string };
}
