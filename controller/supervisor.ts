// The supervisor: starts control, then station, watches both, starts them again. Nothing else.
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { Child } from './child.ts';
import { builtFile } from './product.ts';

/** What a cell is run with. */
export interface CellRun {
  readonly manifest: string;
  readonly data: string;
  readonly endpoints?: string | undefined;
  /** Where the page listens, instead of what the manifest says. */
  readonly listen?: string | undefined;
}

/** A supervised cell. */
export interface SupervisedCell {
  /** Resolves with the page's address when control and station are up; rejects when control refused to start. */
  readonly ready: Promise<string>;
  /** Resolves when control refused: what it was given is wrong, and it has said so. */
  readonly refused: Promise<void>;
  stop(): Promise<void>;
}

const startup = seconds(30);
const controlGrace = seconds(4);
const stationGrace = seconds(2);

/** Starts control, then station when control runs, and keeps both running. */
export function superviseCell(
  clock: Clock,
  options: CellRun,
  say: (text: string) => void,
): SupervisedCell {
  const main = builtFile('controller/main.js');
  const waits: { ready?: (url: string) => void; refused?: () => void } = {};
  const ready = new Promise<string>((resolveReady) => {
    waits.ready = resolveReady;
  });
  const refused = new Promise<void>((resolveRefused) => {
    waits.refused = resolveRefused;
  });
  let page: Child | undefined;
  let pageWhy = '';
  const startPage = (listen: string): void => {
    if (page !== undefined) return;
    const argv = [main, 'station', '--data', options.data, '--listen', options.listen ?? listen];
    page = new Child(
      clock,
      { name: 'station', argv, startup, grace: stationGrace },
      {
        ready: ({ url }) => {
          pageWhy = '';
          waits.ready?.(url);
        },
        // Control needs no page: it is tried on and on, and what keeps it away is said once.
        restarting: (why) => {
          if (why !== pageWhy) say(`station is started again until it runs: ${why}`);
          pageWhy = why;
        },
      },
    );
    page.start();
  };
  const endpoints = options.endpoints === undefined ? [] : ['--endpoints', options.endpoints];
  const argv = [main, 'control', options.manifest, '--data', options.data, ...endpoints];
  const control = new Child(
    clock,
    { name: 'control', argv, startup, grace: controlGrace },
    {
      ready: ({ listen }) => startPage(listen),
      restarting: (why, delay) => say(`control starts again in ${delay} ms: ${why}`),
      refused: () => waits.refused?.(),
    },
  );
  control.start();
  return {
    ready,
    refused,
    stop: async () => {
      await control.stop();
      await page?.stop();
    },
  };
}
