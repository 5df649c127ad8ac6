// The console of a station: its desk, its language, its routes, put together from what station has.
import { join } from 'node:path';
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import type { Clock } from '#contract/time.ts';
import type { SessionView } from '#contract/shell.ts';
import { Bucket } from '#controller/bucket.ts';
import type { HistoryDoor } from '#controller/server/history.ts';
import type { Live, StationLog } from '#controller/server/live.ts';
import { refusedEvent } from '#controller/server/records.ts';
import type { SendToControl } from '#controller/server/records.ts';
import type { Served } from '#controller/server/routes.ts';
import type { Layer } from '#controller/shell/parts.ts';
import { AwaitedActs } from '#controller/wire/awaited-acts.ts';
import { ActDesk } from './act-desk.ts';
import type { HeardCell, SecondPerson } from './act-desk.ts';
import { Console } from './console.ts';
import { consoleServed } from './routes.ts';

/** Questions of the record, of all who ask together: each may look at thousands of entries. */
const recordPace = { rate: 2, burst: 20 };

export interface StationConsole {
  readonly desk: ActDesk;
  readonly console: Console;
  readonly routes: readonly Served[];
  /** Control said something. */
  take(message: WholeFromControl): void;
  /** The connection to control has ended. */
  lost(): void;
}

export function openConsole(
  clock: Clock,
  from: {
    readonly live: Live;
    readonly second: SecondPerson;
    readonly history: HistoryDoor;
    readonly shells: () => readonly SessionView[];
    readonly layers: () => Promise<readonly Layer[]>;
    readonly send: SendToControl;
    readonly log: StationLog;
  },
  data: string,
): StationConsole {
  const { live, second, history, shells, layers, send, log } = from;
  const record = new Bucket(clock, recordPace);
  const acts = new AwaitedActs(clock, (act) => send(act));
  const refused = (actor: Actor, code: string, what: string): void => {
    const text = `refused ${actor}: ${code}: ${what}`;
    log('warn', text, refusedEvent(actor, code, text));
  };
  const cell = (): HeardCell => {
    const { view, up } = live.cell;
    return { hello: view.hello, snapshot: view.snapshot, up };
  };
  const desk = new ActDesk(clock, { cell, give: async (act) => acts.give(act), second, refused });
  const console = new Console(
    {
      now: () => clock.time(),
      cell,
      why: async (flow) => live.why(flow),
      desk,
      history: () => history.reader(),
      chronicle: () => {
        if (!record.take()) throw new CellError('E_DOOR_RATE', 'the record is asked too often');
        return join(data, 'chronicle.db');
      },
      shells,
      layers,
    },
    (principal, code, what) => refused(principal.actor, code, what),
  );
  return {
    desk,
    console,
    routes: consoleServed(console, desk),
    take: (message) => acts.take(message),
    lost: () => acts.lost(),
  };
}
