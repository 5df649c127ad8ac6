// One session: the statechart decides, the journal records, and what was decided is done in that order by works.ts.
// Input is taken away at the moment it is decided; everything else waits until the decision stands in the chronicle.
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { Permission, Principal, Role } from '#contract/people.ts';
import type {
  Part,
  SessionId,
  SessionState,
  SessionView,
  ShellEvent,
  TierRule,
} from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import { Journal } from './journal.ts';
import type { Keep } from './journal.ts';
import type { Lockable } from './locks.ts';
import { SessionMachine, sessionInputs } from './machine.ts';
import type { SessionCommand, SessionFlow, SessionInput, StepMade } from './machine.ts';
import type { RunningSession, Seat, SeatEvents, Size, Stream } from './parts.ts';
import { lacksOf, maySay, maySit } from './policy.ts';
import type { Candidate, CellSight, Say, Whose } from './policy.ts';
import { Place, Seats } from './seats.ts';
import { Works } from './works.ts';
import type { WorkParts } from './works.ts';

export interface SessionDeps extends WorkParts {
  readonly clock: Clock;
  readonly flow: SessionFlow;
  readonly keep: Keep;
  log(level: 'info' | 'warn', text: string): void;
  sight(): CellSight;
  /** What somebody may now; undefined: there is no such principal any more. */
  standing(actor: Actor): Standing | undefined;
  locked(of: Lockable): string | undefined;
  /** Its view is another; `over`: nothing more will come of it, and its end stands in the chronicle. */
  changed(view: SessionView, over: boolean): void;
}

export interface Standing {
  readonly permissions: ReadonlySet<Permission>;
  readonly roles: readonly Role[];
}

/** What was asked for; it stands in the chronicle already. */
export interface SessionRequest {
  readonly id: SessionId;
  readonly tier: 'T2' | 'T3';
  readonly rule: TierRule;
  readonly by: Principal;
  readonly reason: string;
  /** How long it may last, ms. */
  readonly span: number;
  /** UTC ms past which it is not begun any more. */
  readonly until: number;
  readonly approval?: string | undefined;
}

const finals: readonly SessionState[] = ['Ended', 'Killed', 'Denied', 'Expired'];

export class Session implements RunningSession {
  readonly request: SessionRequest;
  readonly #deps: SessionDeps;
  readonly #machine: SessionMachine;
  readonly #journal: Journal;
  readonly #works: Works;
  readonly #seats: Seats;
  readonly #start: number;
  readonly #asked: number;
  #driver: Actor;
  /** A hand-over is on its way to the chronicle: nobody types. */
  #handing = false;
  readonly #facts = new Map<SessionInput, boolean>();
  #said: {
    readonly command: SessionCommand;
    readonly by: Actor;
    readonly why: string | undefined;
  }[] = [];
  #turning = false;
  #began: { readonly time: number; readonly now: number } | undefined;
  #ended: number | undefined;
  #why: string | undefined;
  #over = false;
  #shown = '';

  constructor(deps: SessionDeps, request: SessionRequest) {
    const { clock } = deps;
    this.#deps = deps;
    this.request = request;
    this.#driver = request.by.actor;
    this.#start = clock.now();
    this.#asked = clock.time();
    this.#machine = new SessionMachine(deps.flow, { shadowed: true });
    this.#seats = new Seats(clock);
    this.#journal = new Journal(clock, deps.keep, () => this.turn());
    this.#works = new Works(deps, request, {
      outputs: () => this.#machine.outputs,
      journal: this.#journal,
      mayType: (place) => place === this.#seats.driver && !this.#handing,
      moved: () => this.turn(),
      end: (command, why) => this.#say(command, 'system', why),
      tell: (body) => this.#journal.tell({ actor: 'system', body }),
    });
    this.turn();
  }

  get id(): SessionId {
    return this.request.id;
  }
  get state(): SessionState {
    return this.#machine.state;
  }
  /** Nothing more will come of it, and its end stands in the chronicle. */
  get over(): boolean {
    return this.#over;
  }
  get stream(): Stream {
    return this.#works.stream;
  }

  get view(): SessionView {
    const { id, tier, by, reason, approval, span, rule } = this.request;
    const began = this.#began?.time;
    return {
      id,
      tier,
      state: this.state,
      by: by.actor,
      ...(by.owner === undefined ? {} : { owner: by.owner }),
      reason,
      ...(approval === undefined ? {} : { approval }),
      asked: this.#asked,
      ...(began === undefined ? {} : { began, ends: began + span }),
      ...(this.#ended === undefined ? {} : { ended: this.#ended }),
      ...(this.#why === undefined ? {} : { why: this.#why }),
      present: this.#seats.watched,
      lacks: this.#final ? [] : lacksOf(rule.where, this.#deps.sight(), this.#deps.clock.time()),
      participants: this.#seats.all.map(({ who, part, since, live }) => ({
        actor: who.actor,
        part,
        since,
        live,
      })),
      recorded: this.#works.recorded,
    };
  }

  /** Time has passed: presence, locks, the machine and the clock are looked at again. */
  tick(): void {
    if (this.#over) return;
    this.#seats.tick((place) => this.#unseat(place));
    this.turn();
  }

  approve(by: Actor): void {
    this.#say('approve', by);
  }
  deny(by: Actor, why: string): void {
    this.#say('deny', by, why);
  }

  /** Throws `E_SHELL_STATE` unless it is approved. Its time runs from here on. */
  begin(by: Actor): void {
    if (this.state !== 'Approved') throw this.#wrongState('begun');
    const { clock } = this.#deps;
    this.#began = { time: clock.time(), now: clock.now() };
    this.#say('begin', by);
  }

  /** What somebody says of it. Throws `E_SHELL_PART`, `E_SHELL_STATE`. */
  say(who: Candidate, say: Say, why?: string): void {
    const how = { held: this.#machine.held, watched: this.request.rule.presence };
    if (!maySay(say, who, this.#whose, how)) {
      throw new CellError('E_SHELL_PART', `${who.actor} may not say ${say} here`);
    }
    const { state } = this;
    const fits = say === 'pause' ? state === 'Running' || state === 'Paused' : state === 'Paused';
    if (this.#final || ((say === 'pause' || say === 'resume') && !fits)) {
      throw this.#wrongState(`made to ${say}`);
    }
    this.#say(say, who.actor, why);
    if (say === 'resume' && this.state === 'Paused') {
      throw new CellError('E_SHELL_STATE', 'something else still holds it; see what it lacks');
    }
  }

  async sit(who: Principal, part: Part, seen: SeatEvents): Promise<Seat> {
    const refuse = (): CellError | undefined => {
      if (this.#final) return this.#wrongState('joined');
      const lost = this.#refusal(who, part);
      return lost === undefined ? undefined : new CellError(lost, `no seat as ${part}`);
    };
    const problem = refuse();
    if (problem !== undefined) throw problem;
    this.#seats.admit(who, part);
    const text = `${who.actor} joins ${this.id} as ${part}`;
    await this.#record(who.actor, { event: 'shell-joined', about: { part }, text });
    // That took time of its own: they may be locked out, or the session over.
    const late = refuse();
    if (late !== undefined) throw late;
    const { clock } = this.#deps;
    const place = new Place(clock, this.#host, { who, part, seen });
    this.#seats.add(place);
    place.watcher?.tick(clock.now());
    place.show(this.view);
    this.turn();
    return place;
  }

  /** The driver gives the keyboard to a peer who sits there. Throws `E_SHELL_PART`. */
  async handOver(who: Candidate, to: Actor): Promise<void> {
    const peer = this.#seats.find(to, 'peer');
    if (who.actor !== this.#driver || peer === undefined || this.#handing) {
      throw new CellError('E_SHELL_PART', `the driver alone hands over, to a peer who is there`);
    }
    this.#handing = true;
    try {
      const text = `${who.actor} gives the keyboard of ${this.id} to ${to}`;
      await this.#record(who.actor, { event: 'shell-handed-over', about: { to }, text });
      if (!peer.live) throw new CellError('E_SHELL_PART', `${to} has left`);
      const before = this.#seats.driver;
      this.#driver = to;
      if (before !== undefined) before.part = 'peer';
      peer.part = 'driver';
    } finally {
      this.#handing = false;
      this.turn();
    }
  }

  /** Station ends: what runs here is ended, and told if there is time. */
  async close(): Promise<void> {
    if (!this.#final) this.#say('kill', 'system', 'station ends');
    await this.#works.settled();
    this.#journal.close();
  }

  /** Looks at everything and steps as often as there is something new. */
  turn(): void {
    if (this.#turning || this.#over) return;
    this.#turning = true;
    try {
      while (!this.#final && this.#stepOnce());
    } finally {
      this.#turning = false;
    }
    this.#works.go();
    this.#show();
  }

  #stepOnce(): boolean {
    const elapsed = Math.floor(this.#deps.clock.now() - this.#start) + 1;
    const inputs = this.#news();
    const said = this.#said.shift();
    const due = this.#machine.due;
    const waited = due !== undefined && elapsed >= due;
    const fresh = Object.keys(inputs).length > 0 && !this.#journal.full;
    if (!fresh && said === undefined && !waited) return false;
    const now = Math.max(elapsed, this.#machine.now + 1);
    const made = this.#machine.step({ now, inputs, command: said?.command });
    for (const [name, value] of Object.entries(inputs)) {
      this.#facts.set(name as SessionInput, value);
    }
    // Before anything else: what it no longer allows ends with this very line.
    if (!made.outputs['input']) this.#works.shut();
    this.#note(made, said?.by ?? 'system', said?.why);
    return true;
  }

  #note(made: StepMade, by: Actor, said: string | undefined): void {
    const { why, fault, ...step } = made;
    const reasons = [fault, why, said].filter((one) => one !== undefined).join('; ');
    const text = reasons || (step.fired.length > 0 ? this.state : 'a fact changed');
    const { id } = this;
    this.#journal.tell({
      actor: by,
      body: { event: 'shell-step', session: id, ...step, text: text.slice(0, 500) },
    });
    if (step.fired.length === 0 && fault === undefined) return;
    if (reasons !== '') this.#why = reasons;
    this.#works.mark('state', { state: this.state, why: text });
    if (fault !== undefined) this.#deps.log('warn', `${id}: the statechart failed: ${fault}`);
  }

  /** Facts that are otherwise than in the last step. */
  #news(): Record<string, boolean> {
    const facts = this.#judge();
    return Object.fromEntries(
      sessionInputs.flatMap((name) =>
        this.#facts.get(name) === facts[name] ? [] : [[name, facts[name]]],
      ),
    );
  }

  #judge(): Record<SessionInput, boolean> {
    const { clock } = this.#deps;
    const { rule, tier, until, span } = this.request;
    const began = this.#began;
    return {
      'request.timely': clock.time() < until,
      'request.locked': this.#isLocked(),
      'machine.allows': lacksOf(rule.where, this.#deps.sight(), clock.time()).length === 0,
      'presence.needed': rule.presence,
      'presence.proved': this.#seats.watched,
      'driver.there': this.#seats.driver !== undefined,
      'driver.needed': tier === 'T3',
      'record.ok': !this.#journal.failing && !this.#journal.full && this.#works.records,
      'jail.ready': this.#works.ready,
      'program.exited': this.#works.exited,
      'time.left': began === undefined || clock.now() - began.now < span,
      'processes.gone': this.#works.gone,
    };
  }

  /** Locked out, or not somebody any more who may have a shell. */
  #isLocked(): boolean {
    const { by, tier } = this.request;
    return [by.actor, this.#driver].some((actor) => {
      const standing = this.#deps.standing(actor);
      if (standing?.permissions.has('shell.open') !== true) return true;
      const actors = [actor, by.owner];
      return (
        this.#deps.locked({ actors, roles: standing.roles, tier, session: this.id }) !== undefined
      );
    });
  }

  #unseat(place: Place): 'E_SHELL_PART' | 'E_SHELL_LOCKED' | undefined {
    return this.#refusal(place.who, place.part);
  }

  #refusal(who: Principal, part: Part): 'E_SHELL_PART' | 'E_SHELL_LOCKED' | undefined {
    const { actor, owner } = who;
    const standing = this.#deps.standing(actor);
    if (standing === undefined) return 'E_SHELL_PART';
    const candidate = { actor, owner, permissions: standing.permissions };
    if (!maySit(part, candidate, this.#whose)) return 'E_SHELL_PART';
    const { roles } = standing;
    const { tier } = this.request;
    const of = { actors: [actor, owner], roles, tier, session: this.id };
    return this.#deps.locked(of) === undefined ? undefined : 'E_SHELL_LOCKED';
  }

  get #whose(): Whose {
    const { actor, owner } = this.request.by;
    return { by: actor, owner, driver: this.#driver };
  }

  get #final(): boolean {
    return finals.includes(this.state) || (this.#machine.fault !== undefined && this.#works.gone);
  }

  #say(command: SessionCommand, by: Actor, why?: string): void {
    this.#said.push({ command, by, why });
    this.turn();
  }

  readonly #host = {
    type: (place: Place, bytes: Uint8Array, auto: boolean): Promise<void> =>
      this.#works.type(place, bytes, auto),
    resize: (size: Size): void => this.#works.resize(size),
    moved: (): void => this.turn(),
    left: (place: Place): void => {
      this.#seats.remove(place);
      const text = `${place.who.actor} leaves ${this.id} as ${place.part}`;
      const body = {
        event: 'shell-left',
        session: this.id,
        about: { part: place.part },
        text,
      } as const;
      this.#journal.tell({ actor: place.who.actor, body });
      this.turn();
    },
  };

  async #record(actor: Actor, body: Omit<ShellEvent, 'session'>): Promise<void> {
    const problem = await this.#deps.keep({ actor, body: { ...body, session: this.id } });
    if (problem !== undefined) throw new CellError(problem, 'it is not known to be in the record');
  }

  #wrongState(what: string): CellError {
    return new CellError('E_SHELL_STATE', `${this.id} is ${this.state} and cannot be ${what}`);
  }

  #show(): void {
    if (this.#final) {
      this.#ended ??= this.#deps.clock.time();
      this.#over = this.#works.closed && this.#journal.empty;
    }
    const { view } = this;
    const shown = JSON.stringify([view, this.#over]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#seats.show(view);
    if (this.#over) this.#seats.end();
    this.#deps.changed(view, this.#over);
  }
}
