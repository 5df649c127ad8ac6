// How far station may be reached: by other machines only with TLS, and only once somebody is enrolled. Until then it
// listens to its own machine, and starts again when the first person is there.
import { CellError, codes } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { People } from '#controller/people/people.ts';
import type { StationLog } from './live.ts';
import { isLoopback } from './origin.ts';
import { openTls } from './tls.ts';
import type { Tls } from './tls.ts';
import type { StationPlan } from '#contract/cell.ts';

export interface Reach {
  /** Where to listen. */
  readonly host: string;
  readonly tls: Tls | undefined;
  /** Resolves when it may be reached from farther than it is. */
  readonly again: Promise<void>;
}

/** Whoever enrolled the first person has the answer first. */
const grace = seconds(1);

/** Throws `E_STATION_TLS`. `wanted`: the host that the manifest, or whoever starts it, asks for. */
export function openReach(
  clock: Clock,
  {
    people,
    log,
  }: { readonly people: Pick<People, 'enrolled' | 'onChanged'>; readonly log: StationLog },
  { data, plan }: { readonly data: string; readonly plan?: StationPlan },
  wanted: string,
): Reach {
  const near = wanted === 'localhost' || isLoopback(wanted);
  const names = plan?.names ?? [];
  const tls =
    plan?.tls === undefined ? undefined : openTls(data, plan.tls, { names, now: clock.time() });
  if (!near && tls === undefined)
    throw new CellError('E_STATION_TLS', `${wanted}: beyond loopback only with \`tls\``);
  const never = new Promise<void>(() => undefined);
  if (near || people.enrolled) return { host: wanted, tls, again: never };
  const { meaning, action } = codes.E_STATION_NOT_ENROLLED;
  log('warn', `E_STATION_NOT_ENROLLED ${wanted}: ${meaning} ${action}`);
  const again = new Promise<void>((resolve) => {
    const forget = people.onChanged(() => {
      if (!people.enrolled) return;
      forget();
      log('warn', `somebody is enrolled: station starts again, to listen on ${wanted}`);
      clock.after(grace, resolve);
    });
  });
  return { host: wanted.includes(':') ? '::1' : '127.0.0.1', tls, again };
}
