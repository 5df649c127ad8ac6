// A history whose writer works in the test's own thread, on a clock that the test moves; wall time can be
// set apart from it. Everything but the thread is the product.
import { join } from 'node:path';
import type { LoggedTag } from '#contract/history.ts';
import { milliseconds, utcMs } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import { openForWriting } from '#controller/history/database.ts';
import { HistoryLog } from '#controller/history/log.ts';
import type { StartHistory } from '#controller/history/log.ts';
import { HistoryReader } from '#controller/history/reader.ts';
import type { OpenDatabase } from '#controller/history/store.ts';
import { HistoryWriter } from '#controller/history/writer-thread.ts';
import { makeFolder, TestClock } from '#test/unit/controller/chronicle/local-chronicle.ts';

/** Wall time that can be set. */
export class WallClock extends TestClock {
  set = 0;
  override time = () => utcMs(1_790_000_000_000 + this.now() + this.set);
}

export const tags: readonly LoggedTag[] = [
  { tag: 'level', type: 'real', unit: 'bar', min: 0, max: 10 },
  { tag: 'door', type: 'bool' },
  { tag: 'mode', type: 'enum', values: ['idle', 'run', 'stop'] },
  { tag: 'count', type: 'int' },
];

/** The writer's turns are taken at once; what it waits for is a timer of the test's clock. */
export const localThread =
  (clock: Clock, open: OpenDatabase = openForWriting): StartHistory =>
  (setup, heard) => {
    const writer = new HistoryWriter(
      setup,
      heard,
      (delay, run) => void clock.after(milliseconds(Math.max(1, delay)), run),
      open,
    );
    let alive = true;
    writer.start();
    return {
      send: (message) => {
        if (alive) writer.receive(structuredClone(message));
      },
      end: () => {
        alive = false;
      },
    };
  };

export interface LocalOptions {
  readonly max?: number;
  readonly open?: OpenDatabase;
  readonly start?: StartHistory;
  readonly tags?: readonly LoggedTag[];
}

/** One folder with a history, for one life of control after another. */
export class LocalHistory {
  readonly #folder = makeFolder();
  readonly path = join(this.#folder.path, 'history.db');
  readonly folder = this.#folder.path;
  readonly clock: WallClock;
  readonly said: string[] = [];
  log: HistoryLog;
  #thread: StartHistory = () => ({ send: () => undefined, end: () => undefined });
  #dead: () => void = () => undefined;

  constructor(options: LocalOptions = {}, clock = new WallClock()) {
    this.clock = clock;
    this.log = this.life(options);
  }

  /** Another life of control on the same folder; the one before has ended, or is killed by this. */
  life({ max = 100e6, open, start, tags: logged = tags }: LocalOptions = {}): HistoryLog {
    this.#dead();
    let alive = true;
    const thread = start ?? localThread(this.clock, open);
    this.#thread = (setup, heard, ended) => {
      const started = thread(setup, heard, ended);
      return {
        send: (message, transfer) => {
          if (alive) started.send(message, transfer);
        },
        end: () => started.end(),
      };
    };
    this.#dead = () => {
      alive = false;
    };
    const say = (text: string): void => {
      if (alive) this.said.push(text);
    };
    const options = { path: this.path, max, tags: logged };
    this.log = new HistoryLog(this.clock, options, {
      failed: say,
      mended: () => {
        if (this.said.length > 0 && this.said.at(-1) !== 'mended') say('mended');
      },
      aside: ({ file }) => say(`aside ${file}`),
    });
    return this.log;
  }

  begin(why = 'The first start'): void {
    this.log.begin(this.#thread, why);
  }

  /** UTC now. */
  get now(): number {
    return this.clock.time();
  }

  read<T>(run: (reader: HistoryReader) => T): T {
    const reader = new HistoryReader(this.path);
    try {
      return run(reader);
    } finally {
      reader.close();
    }
  }

  [Symbol.dispose](): void {
    this.#folder.remove();
  }
}
