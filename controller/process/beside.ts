// Where what runs beside control listens, and by what it is known there, as the manifest says.
import { dirname, resolve } from 'node:path';
import type { Manifest, StationPlan } from '#contract/cell.ts';

/** Without `broker` the cell has none of its own. */
export interface BesideAt {
  readonly listen: string;
  readonly broker?: string | undefined;
  readonly station?: StationPlan | undefined;
}

/** `file`: of the manifest, whose paths begin there. */
export function besideAt(
  { station, mirror, people }: Pick<Manifest, 'station' | 'mirror' | 'people'>,
  file: string,
): BesideAt {
  const { listen, tls, names, idle } = station;
  const from = (path: string): string => resolve(dirname(file), path);
  const placed =
    tls === undefined || tls === 'generated' ? tls : { cert: from(tls.cert), key: from(tls.key) };
  return {
    listen,
    broker: mirror !== 'none' && 'broker' in mirror ? mirror.listen : undefined,
    station: { ...(placed === undefined ? {} : { tls: placed }), names, idle_ms: idle, people },
  };
}
