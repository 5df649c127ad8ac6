// Shells as station has them: sessions over the real terminal, jail, recordings and stream. Terminals and jails are looked
// for on this machine when the first shell is asked for; what is missing is said then.
import { join } from 'node:path';
import type { Clock } from '#contract/time.ts';
import type { Approvals } from '#controller/approval/approvals.ts';
import type { People } from '#controller/people/people.ts';
import { present } from '#contract/error.ts';
import { RecordingOptions } from '#contract/shell.ts';
import type { ShellRules } from '#contract/shell.ts';
import type { ForChronicle } from '#controller/recording/teller.ts';
import { SessionRecordings } from '#controller/recording/recordings.ts';
import type { Live, StationLog } from '#controller/server/live.ts';
import type { Records } from '#controller/server/records.ts';
import type { Served } from '#controller/server/routes.ts';
import { HostJailer } from './jail/jailer.ts';
import { lacking } from './jail/layers.ts';
import type { Layer } from './parts.ts';
import { loadSessionFlow } from './machine.ts';
import { shellRoutes } from './routes.ts';
import type { SessionParts } from './sessions.ts';
import { Sessions } from './sessions.ts';
import { standingIn } from './standing.ts';
import { ShellSocket } from './socket.ts';
import { OutputStream } from './stream.ts';
import { loadTerminals } from './terminal.ts';
import { Tickets } from './tickets.ts';

export interface Shells {
  readonly sessions: Sessions;
  readonly recordings: SessionRecordings;
  readonly socket: ShellSocket;
  readonly routes: readonly Served[];
  /** What this machine has of a jail. */
  layers(): Promise<readonly Layer[]>;
  start(): void;
  /** Control said something: the machine, or what the manifest says of shells, may be otherwise. */
  heard(): void;
  close(): Promise<void>;
}

export function openShells(
  clock: Clock,
  from: {
    readonly approvals: Approvals;
    readonly people: People;
    readonly records: Pick<Records, 'keep'>;
    readonly live: Live;
    readonly log: StationLog;
  },
  data: string,
): Shells {
  const { approvals, people, records, live, log } = from;
  const told = RecordingOptions.parse({});
  const keepRecorded = async (body: ForChronicle) => records.keep({ actor: 'system', body });
  const recordings = new SessionRecordings({ clock, log, keep: keepRecorded }, data, told);
  const tickets = new Tickets(clock);
  const jailer = new HostJailer(clock, { data });
  const rules = (): ShellRules | undefined => live.cell.view.hello?.shell;
  const sessions = new Sessions({
    clock,
    approvals,
    log,
    // Whatever is otherwise in the lists of shells and locks stands in the chronicle, too.
    keep: async (event) => {
      live.news();
      const problem = await records.keep(event);
      live.news();
      return problem;
    },
    parts: findParts(clock, jailer, recordings),
    sight: () => {
      const { view, up, heard } = live.cell;
      return { hello: view.hello, snapshot: view.snapshot, up, heard };
    },
    standing: standingIn(clock, people),
    proved: (who, span) => people.provedByFactor(who, span),
    rules,
    file: join(data, 'station.db'),
  });
  const socket = new ShellSocket({ clock, log, tickets, find: (id) => sessions.find(id) });
  const deaf = people.onChanged((credential, who) => socket.changed(credential, who));
  let before: ShellRules | undefined;
  const unclear = (error: unknown): void => log('warn', `the jails of shells: ${String(error)}`);
  return {
    sessions,
    recordings,
    socket,
    routes: shellRoutes(sessions, (who, id, part) => tickets.issue(who, id, part)),
    layers: async () => jailer.layers(),
    start: () => sessions.start(),
    heard: () => {
      const now = rules();
      if (now !== undefined && now !== before) recordings.configure(now.recordings);
      // Trying the layers ends what an earlier life left in its jails.
      if (now?.on === true && before?.on !== true) void jailer.layers().catch(unclear);
      before = now;
      sessions.heard();
    },
    close: async () => {
      deaf();
      await sessions.close();
      socket.close();
      await recordings.close();
      await jailer.close();
    },
  };
}

/** Found once; what could not be found is looked for again. */
function findParts(
  clock: Clock,
  jailer: HostJailer,
  recordings: SessionRecordings,
): () => Promise<SessionParts> {
  const find = async (): Promise<SessionParts> => ({
    flow: present(await loadSessionFlow(), 'the session’s flow is the product’s own'),
    terminal: await loadTerminals(clock),
    jailer,
    recordings,
    stream: (brake, size) => new OutputStream(clock, brake, size),
    lacks: async (tier) => lacking(tier, await jailer.layers()),
  });
  let parts: Promise<SessionParts> | undefined;
  return async () => {
    parts ??= find();
    try {
      return await parts;
    } catch (error) {
      parts = undefined;
      throw error;
    }
  };
}
