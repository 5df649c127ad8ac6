// A session of a real program at a real terminal, without a statechart, a jail or a recording on disk: what its sockets need
// of it and no more. What was typed is kept as the recorder would have been given it.
import type { Principal } from '#contract/people.ts';
import { CellError } from '#contract/error.ts';
import type { Part, SessionView } from '#contract/shell.ts';
import type { Clock } from '#contract/time.ts';
import type {
  Launch,
  RunningSession,
  Seat,
  SeatEvents,
  Size,
  Terminal,
} from '#controller/shell/parts.ts';
import { OutputStream } from '#controller/shell/stream.ts';
import type { OpenTerminal } from '#controller/shell/terminal.ts';
import { someView } from './loop-client.ts';

interface Place {
  part: Part;
  readonly who: Principal;
  readonly seen: SeatEvents;
  live: boolean;
}

export class PlainSession implements RunningSession {
  readonly id = someView.id;
  readonly stream: OutputStream;
  view: SessionView = someView;
  running = true;
  /** What a recorder was given, before it was typed. */
  readonly recorded: { readonly text: string; readonly auto: boolean; readonly secret: boolean }[] =
    [];
  readonly proofs: { readonly challenge: string; readonly acted: boolean }[] = [];
  readonly sizes: Size[] = [];
  readonly terminal: Terminal;
  exits = 0;
  held = 0;
  readonly #places = new Set<Place>();
  #turn: Promise<void> = Promise.resolve();

  constructor(clock: Clock, open: OpenTerminal, launch: Launch) {
    const brake = {
      hold: () => {
        this.held += 1;
        this.terminal.hold();
      },
      release: () => this.terminal.release(),
    };
    const size = { cols: 80, rows: 24 };
    this.stream = new OutputStream(clock, brake, size);
    this.terminal = open(launch, size, {
      output: (bytes) => this.stream.output(bytes),
      exited: (code) => {
        this.exits += 1;
        this.stream.exited(code);
      },
    });
  }

  get typed(): string {
    return this.recorded.map(({ text }) => text).join('');
  }

  get places(): readonly Place[] {
    return [...this.#places];
  }

  async sit(who: Principal, part: Part, seen: SeatEvents): Promise<Seat> {
    if (part === 'agent') throw new CellError('E_SHELL_PART', 'no agents here');
    // An entry of the chronicle.
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const each of this.#places) {
      if (each.who.actor === who.actor && each.part === part) this.lose(each, 'E_SHELL_PART');
    }
    const place: Place = { part, who, seen, live: true };
    this.#places.add(place);
    if (part === 'supervisor') seen.challenge('first');
    seen.state(this.view);
    return {
      get part() {
        return place.part;
      },
      type: async (bytes, auto) => this.#type(place, bytes, auto),
      resize: (size) => {
        this.sizes.push(size);
        this.terminal.resize(size);
        this.stream.resized(size);
      },
      prove: (challenge, acted) => void this.proofs.push({ challenge, acted }),
      hidden: () => void this.proofs.push({ challenge: 'hidden', acted: false }),
      leave: () => {
        place.live = false;
        this.#places.delete(place);
      },
    };
  }

  lose(place: Place, code: 'E_SHELL_PART' | 'E_SHELL_LOCKED' | 'E_SHELL_STATE'): void {
    place.live = false;
    this.#places.delete(place);
    place.seen.lost(code);
  }

  show(view: Partial<SessionView>): void {
    this.view = { ...this.view, ...view };
    for (const { seen } of this.#places) seen.state(this.view);
  }

  close(): void {
    this.stream.close();
    this.terminal.close();
    try {
      process.kill(this.terminal.pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }

  async #type(place: Place, bytes: Uint8Array, auto: boolean): Promise<void> {
    const before = this.#turn;
    const turn = this.#typeAfter(before, { place, bytes, auto });
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #typeAfter(
    before: Promise<void>,
    { place, bytes, auto }: { place: Place; bytes: Uint8Array; auto: boolean },
  ): Promise<void> {
    await before;
    const secret = !(await this.terminal.echoes());
    if (!this.running || !place.live) throw new CellError('E_SHELL_INPUT', 'it does not run');
    this.recorded.push({ text: Buffer.from(bytes).toString('latin1'), auto, secret });
    await new Promise((resolve) => setImmediate(resolve));
    await this.terminal.write(bytes);
  }
}
