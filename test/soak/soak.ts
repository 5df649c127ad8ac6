// A soak: the whole product over real sockets, with troubles from a seed, for as long as one likes. What it may not do stands
// in the verdicts; how fast the machine is that runs it decides none of them.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { present } from '#contract/error.ts';
import { loadCell } from '#controller/config.ts';
import { Operator } from '#simulator/operator.ts';
import { chance } from '#test/system/chance.ts';
import { clearFaults } from '#test/system/simulator-door.ts';
import { TestCell, rebe } from '#test/system/test-cell.ts';
import { Floor } from './floor.ts';
import { Judge } from './judge.ts';
import { Observer } from './observer.ts';
import type { SoakOptions } from './options.ts';
import type { Done, Report, Verdict } from './report.ts';
import { Past } from './truth.ts';
import { Troubles, watchdog, type Trouble } from './troubles.ts';

/** The machine stands no longer after a trouble than this, ms: people look, clear, empty and start. */
const workLimit = 240_000;
/** How often the record is held against the machine, ms. */
const judgeEvery = 1000;
/** A death of a process must lie behind so long before the next: this, or this share of the whole. */
const rest = { least: 60_000, share: 1 / 12 };
/** What a verification or a replay of all that was recorded may take, ms. */
const checking = 3_600_000;

const wait = (span: number): Promise<void> => new Promise((done) => setTimeout(done, span));

const soakManifest = (text: string): string =>
  text
    .replace('watchdog: 1min', `watchdog: ${watchdog / 1000}s`)
    .replace('chronicle: {stall: 30s}', 'chronicle: {stall: 30s, max: 2GB}');

export async function soak(options: SoakOptions): Promise<Report> {
  const mirror = '{broker: embedded, listen: 127.0.0.1:0}';
  await using cell = await TestCell.start({
    calm: {},
    edit: soakManifest,
    mirror,
    // The machine keeps its files where no cut of power takes them.
    disk: () => undefined,
  });
  const { cell: loaded } = await loadCell(cell.manifest);
  const { plan } = present(loaded, 'the manifest of the soak is good');
  const floor = new Floor(cell.data, cell.machine);
  const judge = new Judge(plan, new Past(cell.machine), { cell: cell.data, machine: cell.machine });
  const observer = new Observer(options, { cell, floor, judge });
  const course = new Course(options, { cell, floor, judge, observer });
  floor.start();
  observer.start();
  try {
    await course.all();
  } finally {
    observer.stop();
    floor.stop();
  }
  return observer.close(course.verdicts);
}

class Course {
  readonly verdicts: Verdict[] = [];
  readonly #options: SoakOptions;
  readonly #cell: TestCell;
  readonly #floor: Floor;
  readonly #judge: Judge;
  readonly #observer: Observer;
  readonly #random: () => number;
  #judging = true;

  constructor(
    options: SoakOptions,
    parts: { cell: TestCell; floor: Floor; judge: Judge; observer: Observer },
  ) {
    this.#options = options;
    this.#cell = parts.cell;
    this.#floor = parts.floor;
    this.#judge = parts.judge;
    this.#observer = parts.observer;
    this.#random = chance(options.seed);
  }

  async all(): Promise<void> {
    const judging = this.#judgeOn();
    // A rejection is for whoever waits for it below.
    judging.catch(() => undefined);
    new Operator(this.#floor).start();
    await this.#works();
    await this.#troubles();
    await clearFaults(this.#cell.machine);
    const made = await this.#makesParts();
    this.#verdict('parts are made when all is over', made, made ? 'another part was made' : 'none');
    this.#judging = false;
    await judging;
    this.#floor.stop();
    await this.#cell.stopCell();
    await this.#judge.follow();
    await this.#check();
  }

  async #judgeOn(): Promise<void> {
    while (this.#judging) {
      // oxlint-disable no-await-in-loop -- one look after the other
      await this.#judge.follow();
      await wait(judgeEvery);
      // oxlint-enable no-await-in-loop
    }
  }

  async #troubles(): Promise<void> {
    const { seconds, pause, interrupted } = this.#options;
    const troubles = new Troubles({
      cell: this.#cell,
      floor: this.#floor,
      judge: this.#judge,
      random: this.#random,
      cuts: seconds <= 3600,
      rest: Math.max(rest.least, seconds * 1000 * rest.share),
    });
    while (this.#observer.seconds < seconds && !interrupted()) {
      // oxlint-disable no-await-in-loop -- one episode after the other
      await Promise.all(troubles.next().map((trouble) => this.#suffer(trouble)));
      await this.#works();
      const span = this.#random() * pause;
      const until = Date.now() + span;
      while (Date.now() < until && !interrupted()) await wait(Math.min(200, span));
      // oxlint-enable no-await-in-loop
    }
  }

  async #suffer(trouble: Trouble): Promise<void> {
    const from = this.#observer.seconds;
    await trouble.begin();
    const to = this.#observer.seconds;
    const ended = Date.now();
    const back = await this.#until(trouble.limit, () => trouble.isBack(ended));
    this.#done({ kind: trouble.kind, from, to, back, limit: trouble.limit });
  }

  /** The unit executes; how long it did not is a recovery of its own. */
  async #works(): Promise<void> {
    if (this.#floor.executing) return;
    const from = this.#observer.seconds;
    const back = await this.#until(workLimit, () => this.#floor.executing);
    this.#done({ kind: 'back to work', from, to: from, back, limit: workLimit });
  }

  async #makesParts(): Promise<boolean> {
    const before = this.#judge.judged.parts;
    return (await this.#until(workLimit, () => this.#judge.judged.parts > before)) !== null;
  }

  #done(done: Done): void {
    this.#observer.done(done);
    if (done.back !== null) return;
    const unit = this.#floor.state('unit');
    this.#options.say(`${done.kind} is not over within ${done.limit} ms; unit is ${unit}`);
    this.#options.say(this.#cell.output.slice(-2000));
    this.#options.say(this.#cell.tail());
  }

  /** ms until it holds; null: not within the limit. */
  async #until(limit: number, holds: () => boolean | Promise<boolean>): Promise<number | null> {
    const began = performance.now();
    for (;;) {
      // oxlint-disable no-await-in-loop -- asks again in steps
      if (await holds()) return performance.now() - began;
      if (performance.now() - began > limit) return null;
      await wait(50);
      // oxlint-enable no-await-in-loop
    }
  }

  /** All that was recorded: whole, and the same when it is executed again. */
  async #check(): Promise<void> {
    const { data } = this.#cell;
    const verified = await run('verify', '--data', data, '--keys', join(data, 'keys', 'cell.pub'));
    this.#verdict(
      'the record is whole',
      verified.code === 0,
      lineWith(verified.text, 'The record is whole'),
    );
    // With both engines where that takes minutes at most.
    const both = this.#options.seconds <= 3600 ? ['--xstate'] : [];
    const replayed = await run('replay', '--data', data, ...both);
    const same = replayed.code === 0 && replayed.text.includes('identical at every scan');
    this.#verdict(
      'it replays identically',
      same,
      lineWith(replayed.text, 'identical at every scan'),
    );
  }

  #verdict(what: string, good: boolean, text: string): void {
    this.verdicts.push({ what, good, text });
  }
}

/** The line that says it, or else the last one. */
function lineWith(text: string, words: string): string {
  const lines = text.trim().split('\n');
  return (lines.find((line) => line.includes(words)) ?? lines.at(-1) ?? '').trim();
}

function run(...words: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [rebe, ...words],
      { timeout: checking, maxBuffer: 64 << 20 },
      (_, stdout, stderr) => done({ code: child.exitCode ?? -1, text: stdout + stderr }),
    );
  });
}
