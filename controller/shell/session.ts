// One session: the statechart decides, the journal records, and what was decided is done in that order by works.ts.
// Input is taken away at the moment it is decided; everything else waits until the decision stands in the chronicle.
import type { Actor } from '#contract/actor.ts';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { Principal } from '#contract/people.ts';
import type { Part, SessionId, SessionState, SessionView, ShellEvent } from '#contract/shell.ts';
import { seconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { Facts } from './facts.ts';
import type { Surroundings } from './facts.ts';
import { Journal } from './journal.ts';
import type { Keep } from './journal.ts';
import { SessionMachine } from './machine.ts';
import type { SessionCommand, SessionFlow, StepMade } from './machine.ts';
import type { RunningSession, Seat, SeatEvents, Size, Stream } from './parts.ts';
import { maySay } from './policy.ts';
import type { Candidate, Say, Whose } from './policy.ts';
import { viewOfRequest } from './request.ts';
import type { SessionRequest } from './request.ts';
import { Place, Seats } from './seats.ts';
import { Works } from './works.ts';
import type { WorkParts } from './works.ts';

export interface SessionDeps extends WorkParts, Surroundings {
  readonly clock: Clock;
  readonly flow: SessionFlow;
  readonly keep: Keep;
  /** Its view is another; `over`: nothing more will come of it, and its end stands in the chronicle. */
  changed(view: SessionView, over: boolean): void;
}

/** So long the end of a session is waited for when station ends. */
const closePace = seconds(4);

const finals: readonly SessionState[] = ['Ended', 'Killed', 'Denied', 'Expired'];

export class Session implements RunningSession {
  readonly request: SessionRequest;
  readonly #deps: SessionDeps;
  readonly #machine: SessionMachine;
  readonly #journal: Journal;
  /** Who left: told as surely, but whoever only watched holds nothing up by going. */
  readonly #visits: Journal;
  readonly #works: Works;
  readonly #seats: Seats;
  readonly #start: number;
  readonly #asked: number;
  #driver: Actor;
  /** A hand-over is on its way to the chronicle: nobody types. */
  #handing = false;
  readonly #facts: Facts;
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
  readonly #end: Promise<void>;
  #endHeard: () => void = () => undefined;

  constructor(deps: SessionDeps, request: SessionRequest) {
    const { clock } = deps;
    this.#deps = deps;
    this.#end = new Promise((resolve) => {
      this.#endHeard = resolve;
    });
    this.request = request;
    this.#driver = request.by.actor;
    this.#start = clock.now();
    this.#asked = clock.time();
    this.#machine = new SessionMachine(deps.flow, { shadowed: true });
    this.#seats = new Seats(clock);
    this.#journal = new Journal(clock, deps.keep, () => this.turn());
    this.#visits = new Journal(clock, deps.keep, () => this.turn());
    this.#works = new Works(deps, request, {
      outputs: () => this.#machine.outputs,
      journal: this.#journal,
      refusal: (place) => this.#typingRefusal(place),
      moved: () => this.turn(),
      end: (command, why) => this.#say(command, 'system', why),
      tell: (body) => this.#journal.tell({ actor: 'system', body }),
    });
    this.#facts = new Facts(deps, request, {
      journal: this.#journal,
      works: this.#works,
      seats: this.#seats,
      whose: () => this.#whose,
      began: () => this.#began?.now,
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
    const began = this.#began?.time;
    return {
      ...viewOfRequest(this.request, this.#asked),
      state: this.state,
      ...(this.#driver === this.request.by.actor ? {} : { driver: this.#driver }),
      ...(began === undefined ? {} : { began, ends: began + this.request.span }),
      ...(this.#ended === undefined ? {} : { ended: this.#ended }),
      ...(this.#why === undefined ? {} : { why: this.#why }),
      present: this.#seats.watched,
      lacks: this.#final ? [] : this.#facts.lacks,
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
    this.#seats.tick(({ who, part }) => this.#facts.refusal(who, part));
    this.turn();
  }

  approve(by: Actor): void {
    this.#say('approve', by);
  }
  deny(by: Actor, why: string): void {
    this.#say('deny', by, why);
  }

  /** Throws `E_SHELL_STATE` unless it is approved, `E_SHELL_LOCKED`. Its time runs from here on. */
  begin(by: Actor): void {
    if (this.state !== 'Approved') throw this.#wrongState('begun');
    // What is locked after a full shell does not touch one that was begun: here is its last look.
    if (this.#facts.isOut) throw new CellError('E_SHELL_LOCKED', `${this.id} is locked out`);
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
    // It ends already, with every process; each word more would only be one more to record.
    if (state === 'Ending' && (say === 'end' || (say === 'kill' && this.#machine.killed))) return;
    const slows = say === 'pause' || say === 'resume';
    if (slows && this.#journal.full)
      throw new CellError('E_CHRONICLE_STALL', 'more waits for the chronicle than may');
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
      const lost = this.#facts.refusal(who, part);
      return lost === undefined ? undefined : new CellError(lost, `no seat as ${part}`);
    };
    const problem = refuse();
    if (problem !== undefined) throw problem;
    this.#seats.admit(who, part);
    const text = `${who.actor} joins ${this.id} as ${part}`;
    await this.#record(who.actor, { event: 'shell-joined', about: { part }, text });
    // That took time of its own: they may be locked out, or the session over.
    try {
      const late = refuse();
      if (late !== undefined) throw late;
      this.#seats.admit(who, part);
    } catch (late) {
      this.#leaves(who.actor, part);
      throw late;
    }
    const { clock } = this.#deps;
    const place = new Place(clock, this.#host, { who, part, seen });
    this.#seats.add(place);
    place.watcher?.tick(clock.now());
    place.show(this.view);
    this.turn();
    return place;
  }

  /** The driver gives the keyboard to a peer who sits there. Throws `E_SHELL_PART`, `E_SHELL_LOCKED`, `E_SHELL_STATE`. */
  async handOver(who: Candidate, to: Actor): Promise<void> {
    const peer = this.#seats.find(to, 'peer');
    if (who.actor !== this.#driver || peer === undefined || this.#handing) {
      throw new CellError('E_SHELL_PART', `the driver alone hands over, to a peer who is there`);
    }
    const refuse = (): CellError | undefined => {
      if (this.#final || this.state === 'Ending') return this.#wrongState('handed over');
      const lost = this.#facts.refusal(who, 'driver') ?? this.#facts.refusal(peer.who, 'peer');
      if (lost !== undefined) return new CellError(lost, `${who.actor} or ${to} may not any more`);
      return peer.live ? undefined : new CellError('E_SHELL_PART', `${to} has left`);
    };
    const problem = refuse();
    if (problem !== undefined) throw problem;
    this.#handing = true;
    try {
      const text = `${who.actor} gives the keyboard of ${this.id} to ${to}`;
      await this.#record(who.actor, { event: 'shell-handed-over', about: { to }, text });
      const late = refuse();
      if (late !== undefined) throw this.#notHandedOver(late, to);
      const before = this.#seats.driver;
      this.#driver = to;
      if (before !== undefined) before.part = 'peer';
      peer.part = 'driver';
    } finally {
      this.#handing = false;
      this.turn();
    }
  }

  /** It stands in the chronicle and has not happened: that is told, too. */
  #notHandedOver(late: CellError, to: Actor): CellError {
    const text = `the keyboard of ${this.id} did not go to ${to}: ${late.message}`.slice(0, 500);
    const about = { step: 'hand-over', code: late.code, to };
    const body = { event: 'shell-fault', session: this.id, about, text } as const;
    this.#visits.tell({ actor: 'system', body });
    return late;
  }

  /** Judged for each piece of input before and after it is recorded: a role or a lock is not waited for. */
  #typingRefusal(place: Place): Code | undefined {
    if (place !== this.#seats.driver || this.#handing) return 'E_SHELL_INPUT';
    return this.#facts.refusal(place.who, 'driver');
  }

  /** Station ends: what runs here is ended, and told if there is time. */
  async close(): Promise<void> {
    if (!this.#final) this.#say('kill', 'system', 'station ends');
    const late = new Promise<void>((resolve) => void this.#deps.clock.after(closePace, resolve));
    if (!this.#over) await Promise.race([late, this.#end]);
    this.#journal.close();
    this.#visits.close();
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
    const inputs = this.#facts.news();
    const said = this.#said.shift();
    const due = this.#machine.due;
    const waited = due !== undefined && elapsed >= due;
    const fresh = Object.keys(inputs).length > 0 && !this.#journal.full;
    if (!fresh && said === undefined && !waited) return false;
    const now = Math.max(elapsed, this.#machine.now + 1);
    const made = this.#machine.step({ now, inputs, command: said?.command });
    this.#facts.told(inputs);
    // Before anything else: what it no longer allows ends with this very line.
    if (!made.outputs['input']) this.#works.shut();
    this.#note(made, said?.by ?? 'system', said?.why);
    return true;
  }

  #note(made: StepMade, by: Actor, said: string | undefined): void {
    const { why, fault, ...step } = made;
    const reasons = [fault, why, said].filter((one) => one !== undefined).join(': ');
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
      this.#leaves(place.who.actor, place.part);
      this.turn();
    },
  };

  #leaves(actor: Actor, part: Part): void {
    const text = `${actor} leaves ${this.id} as ${part}`;
    const body = { event: 'shell-left', session: this.id, about: { part }, text } as const;
    this.#visits.tell({ actor, body });
  }

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
      this.#over = this.#works.closed && this.#journal.empty && this.#visits.empty;
    }
    const { view } = this;
    const shown = JSON.stringify([view, this.#over]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#seats.show(view);
    if (this.#over) {
      this.#seats.end();
      this.#endHeard();
    }
    this.#deps.changed(view, this.#over);
  }
}
