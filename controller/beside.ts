// Where what runs beside control listens, as the manifest says.
import type { Manifest } from '#contract/cell.ts';

/** Without `broker` the cell has none of its own. */
export interface BesideAt {
  readonly listen: string;
  readonly broker?: string | undefined;
}

export const besideAt = ({ station, mirror }: Pick<Manifest, 'station' | 'mirror'>): BesideAt => ({
  listen: station.listen,
  broker: mirror !== 'none' && 'broker' in mirror ? mirror.listen : undefined,
});
