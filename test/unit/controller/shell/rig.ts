// Sessions in virtual time: real approvals, real locks and store, a chronicle that keeps or refuses, and the smallest
// jail, recorder, terminal and stream that are ones. Everything that happens is written down in its order.
import { CellError, present } from '#contract/error.ts';
import type { Actor } from '#contract/actor.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { Code } from '#contract/error.ts';
import type { Permission, Principal, Role } from '#contract/people.ts';
import { ShellOptions, shellRules } from '#contract/shell.ts';
import type { Part, SessionId, SessionView, ShellRules, ShellStep } from '#contract/shell.ts';
import { milliseconds } from '#contract/time.ts';
import type { Hello, Snapshot } from '#contract/wire.ts';
import type { Content, Reader } from '#controller/chronicle/reader.ts';
import type { StationEvent } from '#controller/server/records.ts';
import { loadSessionFlow } from '#controller/shell/machine.ts';
import type {
  Jail,
  Recorder,
  RecorderEvents,
  Seat,
  SeatEvents,
  Stream,
  Terminal,
  TerminalEvents,
} from '#controller/shell/parts.ts';
import { Sessions } from '#controller/shell/sessions.ts';
import type { CellSight } from '#controller/shell/policy.ts';
import { Bench, principal } from '#test/unit/controller/approval/rig.ts';

export const flow = present(await loadSessionFlow(), 'the flow of the product');

const typist = new Set<Permission>(['view', 'shell.open']);
const watcher = new Set<Permission>(['view', 'shell.approve', 'shell.observe']);
export const dora = principal('user:dora', { permissions: typist });
export const emil = principal('user:emil', { permissions: typist });
export const sven = principal('user:sven', { permissions: watcher });
export const rita = principal('user:rita', { permissions: watcher });
export const otto = principal('user:otto', { permissions: new Set<Permission>(['shell.observe']) });

/** In Manual and at rest is where shells may be; of the demo cell. */
export const where = { tending: { in: ['mode.Manual'], rest: true } };

const state = (path: string, rest: boolean) => ({ path, title: path, ...(rest ? { rest } : {}) });
const region = (leaf: string) => ({ state: leaf, since_ms: 0, sinceTime: 0 });

export function helloOf(): Hello {
  const regions = [
    { name: 'mode', states: [state('mode.Manual', true), state('mode.Automatic', true)] },
    { name: 'unit', states: [state('unit.Stopped', true), state('unit.Execute', false)] },
  ];
  return { flows: [{ name: 'tending', regions }] } as unknown as Hello;
}

export function snapshotOf(mode: string, unit: string, stepped = true): Snapshot {
  const regions = { mode: region(`mode.${mode}`), unit: region(`unit.${unit}`) };
  return { flows: { tending: { stepped, regions } } } as unknown as Snapshot;
}

/** What stands between a session and the world, with everything that it was asked written down. */
export class Machine {
  readonly happened: string[] = [];
  /** Bytes that reached the terminal. */
  typed = '';
  /** Called with each byte's arrival, to judge whether it may. */
  onType: () => void = () => undefined;
  running = false;
  frozen = false;
  events: TerminalEvents | undefined;
  recorder: RecorderEvents | undefined;
  /** What fails from now on, by name. */
  readonly broken = new Set<'prepare' | 'record' | 'launch' | 'freeze' | 'kill' | 'input'>();
  /** Input is recorded when this resolves. */
  disk: () => Promise<void> = async () => undefined;

  readonly jailer = {
    layers: async () => [],
    prepare: async (): Promise<Jail> => {
      if (this.broken.has('prepare')) throw new CellError('E_SHELL_STATE', 'no layer of seccomp');
      this.happened.push('prepare');
      return this.#jail();
    },
  };

  readonly recordings = {
    open: async (_id: SessionId, _about: object, events: RecorderEvents): Promise<Recorder> => {
      this.happened.push('record');
      this.recorder = events;
      return this.#recorder();
    },
  };

  readonly terminal = (_launch: object, _size: object, events: TerminalEvents): Terminal => {
    if (this.broken.has('launch')) throw new CellError('E_SHELL_STATE', 'no pseudo terminal');
    this.happened.push('launch');
    this.events = events;
    this.running = true;
    return {
      pid: 4711,
      write: async (bytes) => {
        this.onType();
        this.happened.push('type');
        this.typed += Buffer.from(bytes).toString();
      },
      drop: () => undefined,
      resize: () => undefined,
      hold: () => undefined,
      release: () => undefined,
      echoes: async () => true,
      close: () => void this.happened.push('hang up'),
    };
  };

  readonly stream = (): Stream => ({
    offset: 0,
    size: { cols: 80, rows: 24 },
    output: () => undefined,
    resized: () => undefined,
    exited: (code) => void this.happened.push(`exit ${code}`),
    hold: () => undefined,
    release: () => undefined,
    watch: () => ({ parsed: () => undefined, govern: () => undefined, end: () => undefined }),
    close: () => undefined,
  });

  /** The program ends by itself. */
  exit(code = 0): void {
    this.running = false;
    this.events?.exited(code);
  }

  /** Nothing more can be recorded. */
  fail(): void {
    this.recorder?.failed(new CellError('E_FILE_WRITE', 'the disk is full'));
  }

  #jail(): Jail {
    return {
      launch: { file: '/bin/sh', args: [], env: {}, cwd: '/' },
      started: async () => undefined,
      freeze: async () => {
        if (this.broken.has('freeze')) throw new CellError('E_SHELL_STATE', 'no freezer');
        this.frozen = true;
        this.happened.push('freeze');
      },
      thaw: async () => {
        this.frozen = false;
        this.happened.push('thaw');
      },
      kill: async () => {
        this.happened.push('kill');
        if (this.broken.has('kill')) throw new CellError('E_SHELL_STATE', 'process 4712 is left');
        const ran = this.running;
        this.running = false;
        if (ran) this.events?.exited(137);
      },
      close: async () => void this.happened.push('jail closed'),
    };
  }

  #recorder(): Recorder {
    return {
      bytes: 0,
      input: async () => {
        await this.disk();
        if (this.broken.has('input')) throw new CellError('E_FILE_WRITE', 'the disk is full');
      },
      output: () => undefined,
      mark: () => undefined,
      flush: async () => undefined,
      end: async () => void this.happened.push('recorded'),
    };
  }
}

export class Shells implements AsyncDisposable {
  readonly bench = new Bench();
  readonly machine = new Machine();
  readonly clock = this.bench.clock;
  readonly log: string[] = [];
  /** What the chronicle has of shells, in order. */
  readonly record: StationEvent[] = [];
  /** What the chronicle answers; a step that is refused is not there. */
  problem: () => Code | undefined = () => undefined;
  /** So long it takes, ms. */
  lag = 0;
  readonly standings = new Map<Actor, { permissions: ReadonlySet<Permission>; roles: Role[] }>();
  sight: CellSight = {
    hello: helloOf(),
    snapshot: snapshotOf('Manual', 'Stopped'),
    up: true,
    heard: 0,
  };
  /** The machine goes on being heard. */
  silent = false;
  rules: ShellRules;
  /** A layer of confinement that this machine has not. */
  lacks: string | undefined;
  sessions: Sessions;
  readonly seats: { readonly who: Principal; readonly part: Part; readonly seat: Seat }[] = [];
  /** Newest challenge of each supervisor. */
  readonly challenges = new Map<Actor, string>();
  readonly lost: string[] = [];

  constructor(options: object = {}) {
    const parsed = ShellOptions.parse({ on: true, where, T3: { on: true }, ...options });
    this.rules = shellRules(parsed);
    for (const { actor, permissions } of [dora, emil, sven, rita, otto]) {
      this.bench.enrol(actor, permissions);
      this.standings.set(actor, { permissions, roles: [] });
    }
    this.sessions = this.#make();
    this.sessions.start();
  }

  #make(): Sessions {
    const { machine } = this;
    return new Sessions({
      clock: this.clock,
      parts: async () => ({
        flow,
        jailer: machine.jailer,
        recordings: machine.recordings,
        terminal: machine.terminal,
        stream: machine.stream,
        lacks: async () => this.lacks,
      }),
      keep: (event) => this.#keep(event),
      log: (_level, text) => void this.log.push(text),
      sight: () => (this.silent ? this.sight : { ...this.sight, heard: this.clock.time() }),
      standing: (actor) => this.standings.get(actor),
      rules: () => this.rules,
      approvals: this.bench.approvals,
      file: this.bench.path,
    });
  }

  async #keep(event: StationEvent): Promise<Code | undefined> {
    if (this.lag > 0) {
      await new Promise<void>((done) => void this.clock.after(milliseconds(this.lag), done));
    }
    const problem = this.problem();
    if (problem !== undefined) return problem;
    const { body } = event;
    this.record.push(event);
    if (body.event === 'shell-step') {
      this.machine.happened.push(`kept ${body.n} ${body.states['session'] ?? ''}`);
    }
    return undefined;
  }

  /** As after a kill of station: what was in memory is gone, what is on disk is read. */
  async again(): Promise<void> {
    const before = this.sessions;
    this.sessions = this.#make();
    this.sessions.start();
    await settle();
    void before;
  }

  steps(id: SessionId): ShellStep[] {
    return this.record.flatMap(({ body }) =>
      body.event === 'shell-step' && body.session === id ? [body] : [],
    );
  }

  view(id: SessionId): SessionView {
    return this.sessions.view(id);
  }

  /** Time passes; supervisors whose page is open answer as a page does. */
  async run(span: number, answering: readonly Actor[] = []): Promise<void> {
    const pace = span > 5000 ? 1000 : 250;
    for (let left = span; left > 0; left -= pace) {
      this.clock.advance(Math.min(left, pace));
      for (const actor of answering) this.answer(actor);
      // oxlint-disable-next-line no-await-in-loop -- time
      await settle();
    }
  }

  /** The newest seat of somebody. */
  seatOf(actor: Actor): Seat {
    return present(
      this.seats.findLast(({ who }) => who.actor === actor),
      'a seat',
    ).seat;
  }

  answer(actor: Actor, acted = true): void {
    const challenge = this.challenges.get(actor);
    if (challenge === undefined) return;
    for (const { who, part, seat } of this.seats) {
      if (part === 'supervisor' && who.actor === actor) seat.prove(challenge, acted);
    }
  }

  async ask(
    who: Principal = dora,
    tier: 'T2' | 'T3' = 'T2',
    more: object = {},
  ): Promise<SessionId> {
    const { id } = await this.sessions.ask(who, { tier, reason: 'the gripper sticks', ...more });
    await settle();
    return id;
  }

  async approve(id: SessionId, ...by: readonly Principal[]): Promise<void> {
    const approval = present(this.view(id).approval, 'it needs an approval');
    for (const who of by) {
      const view = present(this.bench.approvals.find(approval), 'the approval');
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await this.bench.yes(who, view);
    }
    await settle();
  }

  async sit(who: Principal, id: SessionId, part: Part): Promise<Seat> {
    const seen: SeatEvents = {
      state: () => undefined,
      challenge: (text) => void this.challenges.set(who.actor, text),
      lost: (code) => void this.lost.push(`${who.actor} ${code}`),
    };
    const seat = await present(this.sessions.find(id), 'it is open').sit(who, part, seen);
    this.seats.push({ who, part, seat });
    await settle();
    return seat;
  }

  /** Asked for, approved, begun, with its driver: it runs. */
  async running(tier: 'T2' | 'T3' = 'T2'): Promise<{ id: SessionId; driver: Seat }> {
    const fresh = { ...dora, proved: this.clock.time() };
    const id = await this.ask(fresh, tier);
    await this.approve(id, ...(tier === 'T2' ? [sven] : [sven, rita]));
    const driver = await this.sit(fresh, id, 'driver');
    if (tier === 'T3') {
      await this.sit(sven, id, 'supervisor');
      this.answer('user:sven');
    }
    await this.sessions.begin(fresh, id);
    await settle();
    await this.run(250, ['user:sven']);
    return { id, driver };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.problem = () => undefined;
    this.machine.broken.clear();
    this.lag = 0;
    await this.sessions.close();
    this.bench[Symbol.dispose]();
  }
}

/** Everything that waits for nothing but its turn gets it. */
export async function settle(): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- turn by turn
  for (let turn = 0; turn < 3; turn += 1) await new Promise((done) => void setImmediate(done));
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);

/** What it throws, as its code. */
export async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error instanceof CellError ? error.code : String(error);
  }
}

/** Events as a reader of a chronicle gives them. */
export function chronicleOf(events: readonly StationEvent[]): Pick<Reader, 'contents'> {
  const rows = events.map(({ actor, body }, index): Content => ({
    seq: index + 1,
    boot: 1,
    scan: null,
    at: 0,
    kind: 'session',
    actor,
    body: Buffer.from(canonicalJson(JSON.parse(JSON.stringify(body)) as Json)),
  }));
  return {
    *contents() {
      yield* rows;
    },
  };
}
