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
import type { Seat, SeatEvents } from '#controller/shell/parts.ts';
import { Sessions } from '#controller/shell/sessions.ts';
import type { CellSight } from '#controller/shell/policy.ts';
import { Machine } from './small-machine.ts';
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
  /** Credentials of whoever proved themselves by PIN alone. */
  readonly byPin = new Set<string>();
  /** Credentials of whoever has no second factor. */
  readonly noFactor = new Set<string>();
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
  #life = { lives: true };
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
    const { machine, clock } = this;
    const life = { lives: true };
    this.#life = life;
    const { approvals } = this.bench;
    return new Sessions({
      clock: {
        now: clock.now,
        time: clock.time,
        after: (span, run) => clock.after(span, () => (life.lives ? run() : undefined)),
      },
      parts: async () => ({
        flow,
        jailer: machine.jailer,
        recordings: machine.recordings,
        terminal: machine.terminal,
        stream: machine.stream,
        lacks: async () => this.lacks,
      }),
      keep: async (event) => (life.lives ? this.#keep(event) : never()),
      log: (_level, text) => void this.log.push(text),
      sight: () => (this.silent ? this.sight : { ...this.sight, heard: this.clock.time() }),
      standing: (actor) => this.standings.get(actor),
      proved: ({ credential, proved }, span) => {
        if (this.noFactor.has(credential)) throw new CellError('E_FACTOR_NONE', credential);
        if (span === Number.POSITIVE_INFINITY) return;
        if (this.byPin.has(credential) || clock.time() - proved > span)
          throw new CellError('E_PROOF_OLD', credential);
      },
      rules: () => this.rules,
      approvals: {
        request: async (who, ask) => approvals.request(who, ask),
        find: (id) => approvals.find(id),
        use: async (id, use) => approvals.use(id, use),
        withdraw: async (who, id, why) => approvals.withdraw(who, id, why),
        listen: (hear) => approvals.listen((view) => (life.lives ? hear(view) : undefined)),
      },
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

  /** As after a kill of station: what was in memory is gone with what ran in it; what is on disk is read. */
  async again(): Promise<void> {
    this.#life.lives = false;
    this.machine.running = false;
    this.machine.events = undefined;
    this.seats.length = 0;
    this.challenges.clear();
    this.sessions = this.#make();
    this.sessions.start();
    await settle();
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
  async running(
    tier: 'T2' | 'T3' = 'T2',
    who: Principal = dora,
  ): Promise<{ id: SessionId; driver: Seat }> {
    const fresh = { ...who, proved: this.clock.time() };
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
    this.machine.comeLate();
    this.lag = 0;
    const closing = { over: false };
    void this.sessions.close().finally(() => {
      closing.over = true;
    });
    // oxlint-disable-next-line no-await-in-loop -- time
    while (!closing.over) await this.run(250);
    this.bench[Symbol.dispose]();
  }
}

const never = (): Promise<never> => new Promise(() => undefined);

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
