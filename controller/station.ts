// Composition root of station: control's feed on one side, pages on the other.
// It owns no device and no record; when it dies, the machine goes on.
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StationPlan } from '#contract/cell.ts';
import { CellError } from '#contract/error.ts';
import { milliseconds } from '#contract/time.ts';
import type { Clock, Random } from '#contract/time.ts';
import type { FromClient } from '#contract/wire.ts';
import { Agents } from './agents/agents.ts';
import { agentServed } from './agents/routes.ts';
import { openApprovals } from './approval/open.ts';
import { approvalServed } from './approval/routes.ts';
import { breakGlassServed } from './shell/break-glass-review.ts';
import { openConsole } from './console/open.ts';
import { makeFolder } from '#controller/process/lock.ts';
import { pacedLog } from './paced-log.ts';
import { HistoryDoor } from './server/history.ts';
import { HttpDoor } from './server/http.ts';
import { findPastPort, writeStation } from './server/link.ts';
import { readAddress } from './server/listen.ts';
import { Live } from './server/live.ts';
import type { StationLog } from './server/live.ts';
import { People } from './people/people.ts';
import { PeopleDoor } from './people/routes.ts';
import { RecordingDoor } from './recording/door.ts';
import { malformedCodes } from './server/malformed.ts';
import { Records, refusedEvent } from './server/records.ts';
import type { StationEvent } from './server/records.ts';
import { Cookies } from './server/session.ts';
import { openShells } from './shell/open.ts';
import { openReach } from './server/reach.ts';
import type { Tls } from './server/tls.ts';
import { StationMirror } from './station-mirror.ts';
import { WireLink } from './wire/client.ts';

export interface StationOptions {
  /** The data directory of the cell. */
  readonly data: string;
  /** `127.0.0.1:8080`, as the manifest says; port 0 is any free one. */
  readonly listen: string;
  /** What the manifest says of it besides. */
  readonly plan?: StationPlan;
  /** The folder of the built page; default `dist/hmi` of the installed product. */
  readonly page?: string;
}

export interface Station {
  /** Where it listens: `127.0.0.1:41234`. */
  readonly listen: string;
  /** The page's address, with a slash at its end. */
  readonly url: string;
  /** Resolves when it wants to be started again, to listen where it now may. */
  readonly again: Promise<void>;
  close(): Promise<void>;
}

/** Starts station; resolves when the page can be opened. Control may come later, and may go and come again. */
// oxlint-disable-next-line max-lines-per-function -- one list of everything that station is made of
export async function startStation(
  deps: { readonly clock: Clock; readonly random: Random; readonly log: StationLog },
  options: StationOptions,
): Promise<Station> {
  const { clock, random } = deps;
  // What belongs in the chronicle goes to control; while it is away the log alone has it.
  const paced: StationLog = pacedLog(
    clock,
    (level, text, event?: StationEvent) => {
      deps.log(level, text);
      if (event !== undefined) records.tell(event);
    },
    // Whoever knocks without end hides no sign-out and no session's end.
    ({ body }) => body.event !== 'refused' || body.code === 'E_DOOR_FLOOD',
    (left) => refusedEvent('system', 'E_DOOR_FLOOD', `${left} lines of refusals were left out`),
  );
  const log: StationLog = (level, text, event) => {
    if (event?.body.event === 'refused' && !malformedCodes.has(event.body.code))
      agents.refused(event.actor);
    paced(level, text, event);
  };
  const { host: wanted, port: asked } = readAddress(options.listen);
  const records = new Records(clock, (message) => link.send(message));
  const live = new Live(clock, log, (message) => link.send(message));
  const send = (message: FromClient): boolean => link.send(message);
  const { plan } = options;
  const idle = plan === undefined ? {} : { idle: milliseconds(plan.idle_ms), policy: plan.people };
  // Where it was never run yet, station may come before control.
  makeFolder(options.data);
  const people = new People(clock, { data: options.data, records, log, ...idle });
  const { host, tls, again } = openReach(clock, { people, log }, options, wanted);
  const port = asked === 0 ? await samePort(options.data, host) : asked;
  const cookies = new Cookies();
  const cell = (): string | undefined => live.cell.view.hello?.cell;
  const entrance = new PeopleDoor(people, cookies, { data: options.data, cell });
  const approvals = openApprovals(clock, { people, records, log, cell }, options.data);
  const shells = openShells(clock, { approvals, people, records, live, log }, options.data);
  const { sessions } = shells;
  approvals.listen(() => live.news());
  const agents = new Agents({ clock, sessions, approvals, log, keep: (e) => records.keep(e) });
  const recorded = new RecordingDoor(shells.recordings, options.data);
  const history = new HistoryDoor(clock, options.data);
  const desk = openConsole(
    clock,
    {
      live,
      second: approvals,
      history,
      send,
      log,
      shells: () => shells.sessions.list(true),
      layers: async () => shells.layers(),
    },
    options.data,
  );
  const mirror = new StationMirror({ clock, random, log, send }, options.data);
  const link = new WireLink(
    clock,
    random,
    { path: join(options.data, 'control.sock'), client: 'station', feed: true },
    {
      message: (message) => {
        records.take(message);
        live.take(message);
        desk.take(message);
        mirror.take(message);
        shells.heard();
      },
      closed: (error) => {
        records.lost();
        live.lost(error);
        desk.lost();
        mirror.lost();
        shells.heard();
      },
    },
  );
  const page = options.page ?? builtPage();
  const door = new HttpDoor(
    clock,
    log,
    {
      people,
      entrance,
      cookies,
      sockets: [live, shells.socket],
      routes: [
        ...history.routes,
        ...desk.routes,
        ...recorded.routes,
        ...approvalServed(approvals),
        ...shells.routes,
        ...breakGlassServed(records, options.data, () => live.news()),
        ...agentServed(agents),
      ],
      barred: (principal) => agents.barred(principal),
    },
    { page, data: options.data, host, port, tls, names: plan?.names ?? [] },
  );
  const close = async (): Promise<void> => {
    // What runs in shells ends first, while control still hears of it.
    await shells.close();
    // It says goodbye to its broker, and where it stood.
    await mirror.close();
    link.stop();
    live.close();
    await door.close();
    history.close();
    approvals.close();
    people.close();
  };
  const { listen, url } = await listenAt(door, options, { host, tls }).catch(
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  approvals.start();
  shells.start();
  link.start();
  return { listen, url, again, close };
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Leaves the address where others find it. Throws `E_STATION_PORT`. */
async function listenAt(
  door: HttpDoor,
  { data, listen: asked }: StationOptions,
  { host, tls }: { readonly host: string; readonly tls: Tls | undefined },
): Promise<Pick<Station, 'listen' | 'url'>> {
  const taken = await door.listen().catch((cause: NodeJS.ErrnoException) => {
    if (cause.syscall !== 'listen') throw cause;
    const why = cause.code === 'EADDRINUSE' ? 'is taken' : `cannot be had (${cause.code})`;
    throw new CellError('E_STATION_PORT', `${asked} ${why}`, { cause });
  });
  const listen = `${bracketed(host)}:${taken}`;
  // Where it listens everywhere, the machine itself finds it at home.
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const url = `${tls === undefined ? 'http' : 'https'}://${bracketed(near)}:${taken}/`;
  await writeStation(data, { url, ...(tls === undefined ? {} : { fingerprint: tls.fingerprint }) });
  return { listen, url };
}

/** Open pages come back to a station that was started again: on any free port means on the one it had. */
async function samePort(data: string, host: string): Promise<number> {
  const past = await findPastPort(data);
  if (past === undefined) return 0;
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(0));
    probe.listen(past, host, () => probe.close(() => resolve(past)));
  });
}

/** Found from the package's root, so that it does not matter into which file this was built. */
function builtPage(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  return join(folder, 'dist', 'hmi');
}
