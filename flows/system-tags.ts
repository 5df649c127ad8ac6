// The tags that every cell has beside those of its devices: their names, types and order. Control gives
// them their values; a flow reads them without declaring them, and they never start a scan.
// `sys.restarted` is not among them: each flow has its own.
export interface SystemTag {
  readonly name: string;
  readonly type: 'bool' | 'int';
  readonly unit?: string;
  readonly title: string;
}

const ofCell: readonly SystemTag[] = [
  { name: 'sys.chronicle.ok', type: 'bool', title: 'The record reaches the disk in time' },
  { name: 'sys.mirror.ok', type: 'bool', title: 'The mirror follows' },
  { name: 'sys.scan.late', type: 'int', unit: 'ms', title: 'Worst lateness of the last second' },
  { name: 'sys.disk.free', type: 'int', unit: 'MB', title: 'Free disk, in steps of 100 MB' },
];

/** Of a cell with these devices, in the order of the plan. */
export function systemTags(devices: readonly string[]): readonly SystemTag[] {
  const ofDevices = devices.flatMap((id): SystemTag[] => [
    { name: `sys.device.${id}.ok`, type: 'bool', title: `${id} answers` },
    { name: `sys.device.${id}.returned`, type: 'bool', title: `${id} came back` },
  ]);
  return [...ofCell, ...ofDevices];
}
