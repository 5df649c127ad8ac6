// All pages at once: control's feed fans out to them, their acts go to control, and each learns how old the picture is.
import type { WebSocket } from 'ws';
import { CellError } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import type { FromBrowser, Link } from '#contract/live.ts';
import { mergeDeltas } from '#contract/merge.ts';
import type { Principal } from '#contract/people.ts';
import { heartbeat_ms, liveProtocol, ping_ms } from '#contract/pace.ts';
import { milliseconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import { openingPages } from '#contract/pages.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import type { Delta, Why } from '#contract/wire.ts';
import { judgeAct, panelActor } from './acts.ts';
import type { PageAct } from './acts.ts';
import type { Guest } from './routes.ts';
import { messageLimit, PageSocket } from './page-socket.ts';
import { refusedEvent } from './records.ts';
import type { SendToControl, StationEvent } from './records.ts';
import type { SocketPath } from './socket-path.ts';
import { CellView } from './view.ts';
import { Whys } from './whys.ts';

/** Pages at one cell. */
export const pageLimit = 64;
/** Of them by nobody who is signed in, on other machines. */
const farLimit = 32;
const isFar = ({ principal, panel }: Guest): boolean => principal === null && !panel;
/** Frames leave at most this often; what happens meanwhile is merged. */
const pace = milliseconds(50);
/** Acts whose answers are awaited. */
const awaitedLimit = 4096;

export type StationLog = (level: 'info' | 'warn', text: string, event?: StationEvent) => void;

export class Live implements SocketPath {
  readonly path = '/live';
  readonly protocol = liveProtocol;
  // A little above the limit, so that what is too large is closed with our code.
  readonly maxPayload = 4 * messageLimit;
  readonly #clock: Clock;
  readonly #log: StationLog;
  readonly #send: SendToControl;
  readonly #view = new CellView();
  readonly #whys: Whys;
  readonly #pages = new Set<PageSocket>();
  /** Which page waits for the answer to an act, by the act's id; the oldest is forgotten first. */
  readonly #awaited = new Map<string, PageSocket>();
  #up = false;
  #lastFrame = 0;
  #pending: Delta | undefined;
  readonly #pendingWhys = new Map<string, Why>();
  #flush: Cancel | undefined;
  #flushed = 0;
  #beat: Cancel | undefined;
  #pulsed = 0;
  #news = 0;

  constructor(clock: Clock, log: StationLog, send: SendToControl) {
    this.#clock = clock;
    this.#log = log;
    this.#send = send;
    this.#whys = new Whys(clock, () => this.#watch());
    this.#pulse();
  }

  /** The cell as it was last heard, for whoever else in station needs it. */
  get cell(): { readonly view: CellView; readonly up: boolean; readonly heard: number } {
    return { view: this.#view, up: this.#up, heard: this.#lastFrame };
  }

  /** What a flow waits for, now. Throws `E_CELL_NOT_RUNNING`. */
  async why(flow: string): Promise<Why> {
    if (!this.#up) throw new CellError('E_CELL_NOT_RUNNING', 'control is not there');
    return this.#whys.ask(flow);
  }

  /** Pages of strangers on other machines never take the places of the cell's own panel. */
  refusal({ principal, panel }: Guest): Code | undefined {
    const far = [...this.#pages].filter(({ guest }) => isFar(guest)).length;
    const full = this.#pages.size >= pageLimit || (isFar({ principal, panel }) && far >= farLimit);
    return full ? 'E_DOOR_FULL' : undefined;
  }

  /** A page has connected. It is told first how old the picture is that follows. */
  accept(socket: WebSocket, guest: Guest): void {
    const page = new PageSocket(this.#clock, socket, guest, {
      message: (from, message) => this.#hear(from, message),
      refused: (from, code) => this.#report(from.guest, code, 'its socket was closed'),
      closed: (from) => {
        this.#pages.delete(from);
        this.#watch();
      },
    });
    this.#pages.add(page);
    page.send(this.#link(page));
    this.#open(page);
  }

  /** Pages of a session that changed are told at once who they are now. */
  changed(credential: string, principal: Principal | null): void {
    for (const page of this.#pages) {
      if (page.guest.principal?.credential !== credential) continue;
      page.guest = { ...page.guest, principal };
      page.changes += 1;
      page.send(this.#link(page));
    }
  }

  /** What pages list besides the cell itself is otherwise: they hear that with the next pulse, and ask. */
  news(): void {
    this.#news += 1;
  }

  /** Control said something. */
  take(message: WholeFromControl): void {
    if (!this.#view.take(message)) {
      this.#send({ type: 'resync' });
      return;
    }
    // A greeting is no picture yet: pages stay grey until the snapshot that follows it.
    if (message.type !== 'hello') this.#lastFrame = this.#clock.time();
    switch (message.type) {
      case 'hello':
        return;
      case 'snapshot':
        this.#up = true;
        this.#watch();
        this.#restart();
        return;
      case 'delta':
        this.#pending = this.#pending === undefined ? message : mergeDeltas(this.#pending, message);
        return this.#schedule();
      case 'why':
        this.#pendingWhys.set(message.flow, message);
        this.#whys.take(message);
        return this.#schedule();
      case 'stopped':
        for (const page of this.#pages) page.send(message);
        return;
      case 'receipt':
        this.#awaited.get(message.id)?.send(message);
        if (message.result === 'refused') this.#awaited.delete(message.id);
        return;
      case 'done':
        this.#awaited.get(message.id)?.send(message);
        this.#awaited.delete(message.id);
        return;
      case 'bye':
        return;
    }
  }

  /** The connection to control has ended. */
  lost(error: CellError | undefined): void {
    if (this.#up) this.#log('warn', error?.message ?? 'control closed the connection');
    this.#up = false;
    this.#whys.lost();
    for (const page of this.#pages) page.send(this.#link(page));
  }

  close(): void {
    this.#beat?.();
    this.#flush?.();
    for (const page of this.#pages) page.leave();
  }

  /** A new picture for everybody: control began, or began again. */
  #restart(): void {
    this.#pending = undefined;
    this.#pendingWhys.clear();
    for (const page of this.#pages) {
      page.send(this.#link(page));
      this.#open(page);
    }
  }

  #open(page: PageSocket): void {
    page.open(openingPages(this.#view.opening()), this.#view.snapshot?.frame);
    for (const why of this.#view.whys.values()) page.explain(why);
  }

  #hear(page: PageSocket, message: FromBrowser): void {
    switch (message.type) {
      case 'act':
        return this.#act(page, message);
      case 'watch':
        page.watched = message.flows;
        for (const why of this.#view.whys.values()) page.explain(why);
        return this.#watch();
      case 'resync':
        return this.#open(page);
      case 'ping':
      case 'ack':
        return;
    }
  }

  #act(page: PageSocket, message: PageAct): void {
    const cell = { hello: this.#view.hello, up: this.#up };
    const verdict = judgeAct(message, page.guest, cell, page.pace);
    if (verdict.kind === 'refuse') {
      const { receipt } = verdict;
      page.send(receipt);
      const what = `${message.verb} ${JSON.stringify(message.args).slice(0, 200)}`;
      this.#report(page.guest, receipt.code ?? '', what);
      return;
    }
    this.#awaited.delete(message.id);
    this.#awaited.set(message.id, page);
    const oldest = this.#awaited.keys().next().value;
    if (this.#awaited.size > awaitedLimit && oldest !== undefined) this.#awaited.delete(oldest);
    this.#send(verdict.act);
  }

  /** Control explains the flows that any page shows. */
  #watch(): void {
    const shown = [...this.#pages].flatMap((page) => page.watched);
    const flows = new Set([...shown, ...this.#whys.flows]);
    const known = (this.#view.hello?.flows ?? []).filter(({ name }) => flows.has(name));
    if (this.#up) this.#send({ type: 'watch', flows: known.map(({ name }) => name) });
  }

  #schedule(): void {
    const wait = milliseconds(Math.max(0, this.#flushed + pace - this.#clock.now()));
    this.#flush ??= this.#clock.after(wait, () => this.#fan());
  }

  #fan(): void {
    this.#flush = undefined;
    this.#flushed = this.#clock.now();
    const delta = this.#pending;
    this.#pending = undefined;
    if (delta !== undefined) {
      const text = JSON.stringify(delta);
      for (const page of this.#pages) page.offer(delta, text);
    }
    for (const why of this.#pendingWhys.values()) {
      for (const page of this.#pages) page.explain(why);
    }
    this.#pendingWhys.clear();
  }

  #pulse(): void {
    this.#beat = this.#clock.after(milliseconds(heartbeat_ms / 2), () => this.#pulse());
    // After a stall of our own the pages' words wait unread: nobody is silent then.
    const now = this.#clock.now();
    const stalled = now - this.#pulsed > ping_ms;
    this.#pulsed = now;
    for (const page of this.#pages) {
      if (!stalled) page.check();
      page.send(this.#link(page));
    }
  }

  #link(page: PageSocket): Link {
    return {
      type: 'link',
      control: this.#up ? 'up' : 'down',
      lastFrame: this.#lastFrame,
      time: this.#clock.time(),
      actor: page.guest.principal?.actor ?? null,
      changes: page.changes,
      panel: page.guest.panel,
      news: this.#news,
    };
  }

  #report({ principal }: Guest, code: string, what: string): void {
    const actor = principal?.actor ?? panelActor;
    const text = `refused ${principal?.actor ?? 'a page'}: ${code}: ${what}`;
    this.#log('warn', text, refusedEvent(actor, code, text));
  }
}
