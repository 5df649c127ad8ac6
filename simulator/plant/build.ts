// Makes the machine that a plant file describes. The one place where a kind of machine meets its class.
import type { Random } from '#contract/time.ts';
import type { PlantFile } from './file.ts';
import { Lamp } from './lamp.ts';
import type { Plant } from './plant.ts';
import { stream } from './random.ts';
import { Tending } from './tending.ts';

/** The machine, as it is when it is switched on; the same seed gives the same machine. */
export function buildPlant(file: PlantFile, seed: number): Plant {
  const random = (name: string): Random => stream(seed, `plant/${name}`);
  switch (file.plant) {
    case 'cnc-tending':
      return new Tending(file.machine, random);
    case 'lamp':
      return new Lamp(file.machine, random);
  }
}
