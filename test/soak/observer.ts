// Looks at a soaked cell from outside, all the time: memory of each process, how late scans and commits are, what is made;
// and makes the report of it.
import type { TestCell } from '#test/system/test-cell.ts';
import { Life, Series, memoryOf } from './figures.ts';
import type { Floor } from './floor.ts';
import type { Judge } from './judge.ts';
import { recoveriesOf, type Done, type Report, type SeriesName, type Verdict } from './report.ts';
import type { SoakOptions } from './options.ts';

const lookEvery = 2000;
const reportEvery = 60_000;
/** Of what was done, the report lists the newest; all count. */
const listed = 2000;
/** Recovery times that are kept. */
const kept = 100_000;
/** Parts an hour are those of so long, s. */
const rateOver = 300;

export class Observer {
  readonly #options: SoakOptions;
  readonly #cell: TestCell;
  readonly #floor: Floor;
  readonly #judge: Judge;
  readonly #began = Date.now();
  readonly #series = new Map<string, Series>();
  readonly #lives = new Map<string, Life>();
  readonly #done: Done[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #made: { readonly t: number; readonly parts: number }[] = [];

  constructor(options: SoakOptions, parts: { cell: TestCell; floor: Floor; judge: Judge }) {
    this.#options = options;
    this.#cell = parts.cell;
    this.#floor = parts.floor;
    this.#judge = parts.judge;
  }

  /** Since the beginning. */
  get seconds(): number {
    return (Date.now() - this.#began) / 1000;
  }

  start(): void {
    this.#timers.push(setInterval(() => this.#look(), lookEvery));
    const report = (): void => this.#options.report(this.#report('running', []));
    report();
    this.#timers.push(setInterval(report, reportEvery));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  done(done: Done): void {
    this.#done.push(done);
    if (this.#done.length > kept) this.#done.splice(0, kept / 2);
    const { kind, back, to, from } = done;
    const lasted = to > from ? ` for ${(to - from).toFixed(1)} s` : '';
    const after = back === null ? 'NOT BACK' : `back after ${(back / 1000).toFixed(2)} s`;
    this.#options.say(`${from.toFixed(0).padStart(6)} s  ${kind}${lasted}, ${after}`);
  }

  /** The last report. */
  close(more: readonly Verdict[]): Report {
    const verdicts = [...this.#verdicts(), ...more];
    const good = verdicts.every((verdict) => verdict.good);
    const report = this.#report(
      !good ? 'bad' : this.#options.interrupted() ? 'interrupted' : 'good',
      verdicts,
    );
    this.#options.report(report);
    return report;
  }

  #look(): void {
    const { supervisor } = this.#cell;
    this.#memory('supervisor', supervisor);
    this.#memory('simulator', this.#cell.simulator);
    for (const role of ['control', 'station', 'broker'] as const) {
      this.#memory(role, this.#cell.findPid(role));
    }
    const { snapshot } = this.#floor;
    if (snapshot !== undefined) {
      this.#add('lateness', 'p99', snapshot.scan.late.p99);
      this.#add('commit', 'p99', snapshot.chronicle.commit.p99);
    }
    const { parts, wrong } = this.#judge.judged;
    this.#made.push({ t: this.seconds, parts });
    while ((this.#made[1]?.t ?? Number.POSITIVE_INFINITY) < this.seconds - rateOver) {
      this.#made.shift();
    }
    const first = this.#made[0] ?? { t: 0, parts: 0 };
    const over = this.seconds - first.t;
    if (over >= 60) this.#add('parts', 'an hour', ((parts - first.parts) * 3600) / over);
    this.#add('wrong', 'values', wrong);
  }

  #memory(role: string, pid: number | undefined): void {
    const mb = pid === undefined ? undefined : memoryOf(pid);
    if (pid === undefined || mb === undefined) return;
    this.#add('memory', role, mb);
    const key = `${role} ${pid}`;
    const life = this.#lives.get(key) ?? new Life(role, pid);
    this.#lives.set(key, life);
    life.add(this.seconds, mb);
  }

  #add(series: SeriesName, line: string, value: number): void {
    const key = `${series} ${line}`;
    const known = this.#series.get(key) ?? new Series();
    this.#series.set(key, known);
    known.add(this.seconds, value);
  }

  #verdicts(): Verdict[] {
    const { compared, wrong, received, causeless, faults, gaps, parts } = this.#judge.judged;
    const missed = this.#done.filter(({ back }) => back === null);
    const grown = [...this.#lives.values()].flatMap((life) => life.growth ?? []);
    const fat = grown.filter((one) => one.grown > one.limit);
    return [
      {
        what: 'no wrong value',
        good: wrong === 0 && compared > 1000,
        text: `wrong values: ${wrong} of ${compared} compared`,
      },
      {
        what: 'no output without a recorded cause',
        good: causeless === 0 && received > 0,
        text: `${causeless} of ${received} outputs that reached the machine`,
      },
      {
        what: 'every recovery within its bound',
        good: missed.length === 0 && this.#done.length > 0,
        text: `${this.#done.length - missed.length} of ${this.#done.length}; parts: ${parts}`,
      },
      {
        what: 'memory is flat',
        // One that is ended early may leave no process long enough to tell.
        good: fat.length === 0 && (grown.length > 0 || this.seconds < 120),
        text: worstOf(grown).map(growthText).join(', ') || 'no process lived long enough to tell',
      },
      {
        what: 'no flow faulted, no entry was late or lost',
        good: faults === 0 && gaps === 0,
        text: `${faults} faults, ${gaps} gaps`,
      },
    ];
  }

  #report(state: Report['state'], verdicts: readonly Verdict[]): Report {
    const { seed, commit, seconds } = this.#options;
    return {
      state,
      seed,
      commit,
      node: process.version,
      began: new Date(this.#began).toISOString(),
      ended: new Date().toISOString(),
      seconds: Math.round(this.seconds),
      planned: seconds,
      verdicts: state === 'running' ? this.#verdicts() : verdicts,
      judged: { ...this.#judge.judged },
      recoveries: recoveriesOf(this.#done),
      done: this.#done.slice(-listed),
      series: {
        memory: this.#lines('memory'),
        lateness: this.#lines('lateness'),
        commit: this.#lines('commit'),
        parts: this.#lines('parts'),
        wrong: this.#lines('wrong'),
      },
    };
  }

  #lines(name: SeriesName): Report['series'][SeriesName] {
    const lines = [...this.#series].flatMap(([key, series]) =>
      key.startsWith(`${name} `) ? [[key.slice(name.length + 1), series.points] as const] : [],
    );
    return Object.fromEntries(lines);
  }
}

type Growth = NonNullable<Life['growth']>;

/** Of each role the life that grew most. */
function worstOf(grown: readonly Growth[]): Growth[] {
  const byRole = new Map<string, Growth>();
  for (const one of grown) {
    const worst = byRole.get(one.role);
    if (worst === undefined || one.grown > worst.grown) byRole.set(one.role, one);
  }
  return [...byRole.values()];
}

function growthText(one: Growth): string {
  const grown = Math.round(one.grown);
  return `${one.role} ${grown > 0 ? '+' : ''}${grown} MB in ${one.hours.toFixed(2)} h (limit ${one.limit.toFixed(0)})`;
}
