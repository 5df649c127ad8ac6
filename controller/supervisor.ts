// The supervisor: starts control, then station and the broker that the manifest asks for, watches all of them,
// starts them again. Nothing else.
import { minutes, seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { BesideAt } from '#controller/process/beside.ts';
import { Child } from '#controller/process/child.ts';
import { builtFile } from './product.ts';

/** What a cell is run with. */
export interface CellRun {
  readonly manifest: string;
  readonly data: string;
  readonly endpoints?: string | undefined;
  /** Where the page listens, instead of what the manifest says. */
  readonly listen?: string | undefined;
  /** Where the embedded broker listens, instead of what the manifest says. */
  readonly broker?: string | undefined;
  /** One part alone, where each is a service of its own: control, or what runs beside it, which then listens here. */
  readonly only?: 'control' | BesideAt | undefined;
}

/** A supervised cell. */
export interface SupervisedCell {
  /** Resolves with the page's address when control and station are up; with control's boot where it runs alone. */
  readonly ready: Promise<string>;
  /** Resolves with the address of the embedded broker when it is up; never where the manifest asks for none. */
  readonly broker: Promise<string>;
  /** Resolves when control refused: what it was given is wrong, and it has said so. */
  readonly refused: Promise<void>;
  /** False when control did not confirm that outputs are safe. */
  stop(): Promise<boolean>;
}

/** A record of an hour is re-executed meanwhile, on a machine that may be busy with the start of everything else. */
const startup = minutes(2);
const controlGrace = seconds(4);
const besideGrace = seconds(2);

/** Starts control, then station when control runs, and keeps both running. */
export function superviseCell(
  clock: Clock,
  options: CellRun,
  say: (text: string) => void,
): SupervisedCell {
  const main = builtFile('controller/main.js');
  const ready = waiting<string>();
  const broker = waiting<string>();
  const refused = waiting<void>();
  /** Control needs neither page nor broker: each is tried on and on, and what keeps it away is said once. */
  const started = new Map<string, Child>();
  type Up = (url: string) => void;
  const startBeside = (name: string, words: readonly string[], up: Up): void => {
    if (started.has(name)) return;
    let said = '';
    const argv = [main, name, '--data', options.data, ...words];
    const child = new Child(
      clock,
      { name, argv, startup, grace: besideGrace },
      {
        ready: ({ url }) => {
          said = '';
          up(url);
        },
        restarting: (why) => {
          if (why !== said) say(`${name} is started again until it runs: ${why}`);
          said = why;
        },
      },
    );
    started.set(name, child);
    child.start();
  };
  const besideUp = (at: BesideAt): void => {
    const plan = at.station === undefined ? [] : ['--plan', JSON.stringify(at.station)];
    startBeside('station', ['--listen', options.listen ?? at.listen, ...plan], ready.resolve);
    if (at.broker === undefined) return;
    startBeside('broker', ['--listen', options.broker ?? at.broker], broker.resolve);
  };
  const endpoints = options.endpoints === undefined ? [] : ['--endpoints', options.endpoints];
  const argv = [main, 'control', options.manifest, '--data', options.data, ...endpoints];
  const control = new Child(
    clock,
    { name: 'control', argv, startup, grace: controlGrace },
    {
      ready: (cell) => {
        if (options.only === 'control') ready.resolve(cell.url);
        else besideUp(cell);
      },
      restarting: (why, delay) => say(`control starts again in ${delay} ms: ${why}`),
      refused: () => refused.resolve(),
    },
  );
  if (options.only === undefined || options.only === 'control') control.start();
  else besideUp(options.only);
  return {
    ready: ready.promise,
    broker: broker.promise,
    refused: refused.promise,
    // The broker last: station has something to say at its end.
    stop: async () => {
      const safe = await control.stop();
      await started.get('station')?.stop();
      await started.get('broker')?.stop();
      return safe;
    },
  };
}

interface Waiting<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

function waiting<T>(): Waiting<T> {
  const waits: { resolve?: (value: T) => void } = {};
  const promise = new Promise<T>((resolve) => {
    waits.resolve = resolve;
  });
  return { promise, resolve: (value) => waits.resolve?.(value) };
}
