// The tags of a device as its driver takes them, and which of them it could not serve. That is asked of a
// driver that is never started: so a check says what a start would refuse.
import type { Manifest } from '#contract/cell.ts';
import type { DriverKind, DriverTag } from '#contract/driver.ts';
import type { Issue } from '#contract/error.ts';
import { deviceId } from '#contract/name.ts';
import { tagFields } from '#flows/device-kinds.ts';
import type { CellPlan } from '#flows/plan.ts';
import { realClock } from '#controller/clock.ts';

interface Served {
  readonly plan: CellPlan;
  readonly manifest: Manifest;
}

/** The tags of one device. */
export function deviceTags(
  { plan, manifest }: Served,
  device: string,
  kind: DriverKind,
): DriverTag[] {
  return plan.tags.flatMap((tag) => {
    const frame = manifest.tags[tag.name];
    if (tag.device !== device || frame === undefined) return [];
    const direction = tag.kind === 'output' ? ('output' as const) : ('input' as const);
    return [
      {
        name: tag.name,
        at: kind.at.parse(frame.at),
        direction,
        type: tag.type,
        options: kind.tagOptions.parse(tagFields(frame)),
        ...(frame.poll === undefined ? {} : { poll: frame.poll }),
      },
    ];
  });
}

/** What the devices' drivers cannot serve, device by device. */
export async function unserved(
  cell: Served & {
    readonly devices: ReadonlyMap<string, { readonly kind: DriverKind; readonly config: unknown }>;
  },
): Promise<Issue[]> {
  const issues = [...cell.devices].map(([device, { kind, config }]) => {
    const driver = kind.create(
      {
        cell: cell.manifest.cell,
        device: deviceId(device),
        data: '',
        clock: realClock(),
        random: () => 0,
        secret: () => '',
        log: () => undefined,
        heartbeat: { alive: () => false },
      },
      config,
    );
    return driver.setTags(deviceTags(cell, device, kind));
  });
  return (await Promise.all(issues)).flat();
}
