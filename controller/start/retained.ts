// Retained ctx and parameters, kept beside the chronicle for the day that it is lost: two files in turn,
// each written by rename, so that one of them is always whole.
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Json } from '#contract/canonical.ts';
import type { Cell } from '#flows/engine/cell.ts';
import { readSaved } from '#flows/engine/saved.ts';

const names = ['retained.json', 'retained.1.json'] as const;

const Retained = z.strictObject({
  /** Counts writes; the greater one is the newer. */
  count: z.int(),
  state: z.json(),
});

/** A state as `Cell.save` gives it, of which `warm` takes what is retained. */
export class RetainedFile {
  readonly #data: string;
  #count: number;
  #written = '';
  #busy = false;

  constructor(data: string) {
    this.#data = data;
    this.#count = newest(data)?.count ?? 0;
  }

  /** The newest state that can be read. */
  read(): Json | undefined {
    return newest(this.#data)?.state;
  }

  /** Writes when `key`, what is retained, changed. Never waits: while one write is under way the next is left out. */
  write(key: string, state: () => Json): void {
    if (this.#busy || key === this.#written) return;
    this.#busy = true;
    void this.#put(key, JSON.stringify({ count: this.#count + 1, state: state() }));
  }

  async #put(key: string, text: string): Promise<void> {
    const path = join(this.#data, names[(this.#count + 1) % 2] ?? names[0]);
    try {
      await writeFile(`${path}.new`, text, { mode: 0o600 });
      await rename(`${path}.new`, path);
      this.#count += 1;
      this.#written = key;
    } catch {
      // Tried again at the next call; the chronicle has it all as well.
    } finally {
      this.#busy = false;
    }
  }
}

function newest(data: string): z.infer<typeof Retained> | undefined {
  const found = names.flatMap((name) => {
    try {
      const read = Retained.parse(JSON.parse(readFileSync(join(data, name), 'utf8')));
      // Of another version, or of nobody: as if it were not there.
      readSaved(read.state);
      return [read];
    } catch {
      return [];
    }
  });
  return found.toSorted((left, right) => right.count - left.count)[0];
}

/** What changes when anything that a `warm` start keeps changes. */
export function retainedKey(cell: Cell): string {
  return cell.flows
    .map(({ flow, configuration, frame }) => {
      const kept = flow.ctx.flatMap((variable, index) =>
        variable.retain ? [configuration.ctx[index]] : [],
      );
      return `${kept.join(',')};${frame.params.join(',')}`;
    })
    .join('|');
}
