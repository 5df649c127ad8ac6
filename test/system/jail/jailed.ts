// A shell in a jail of this machine, at a terminal, as a session has it: commands are typed into it and what they
// print is read. `await using` ends it and shows that nothing is left.
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '#controller/clock.ts';
import { HostJailer } from '#controller/shell/jail/jailer.ts';
import type { JailerOptions } from '#controller/shell/jail/jailer.ts';
import { processesOf } from '#controller/shell/jail/uids.ts';
import type { Jail, StartedProcess, Terminal } from '#controller/shell/parts.ts';
import { loadTerminals } from '#controller/shell/terminal.ts';
import { removeFolder } from '#test/folder.ts';
import { until } from '#test/system/test-cell.ts';

const clock = realClock();
/** A jail has a fifth of one processor, and CI's other tests the rest. */
const patience = 60_000;
/** The terminal shows what is typed with this in two words, and what is printed in one. */
const mark = '@@done';

export interface Ran {
  readonly code: number;
  readonly text: string;
}

export class Jailed implements AsyncDisposable {
  readonly data: string;
  readonly jailer: HostJailer;
  readonly jail: Jail;
  readonly seen: readonly StartedProcess[];
  readonly #terminal: Terminal;
  readonly #exited: Promise<number>;
  /** The last of what was printed, and how much that was in all. */
  #output = '';
  #printed = 0;
  #commands = 0;
  #over = false;

  private constructor(
    data: string,
    jailer: HostJailer,
    jail: Jail,
    seen: readonly StartedProcess[],
    open: Awaited<ReturnType<typeof loadTerminals>>,
  ) {
    this.data = data;
    this.jailer = jailer;
    this.jail = jail;
    this.seen = seen;
    let exited: ((code: number) => void) | undefined;
    this.#exited = new Promise((resolve) => {
      exited = resolve;
    });
    this.#terminal = open(
      jail.launch,
      { cols: 200, rows: 50 },
      {
        output: (bytes) => {
          this.#output = `${this.#output}${bytes.toString('latin1')}`.slice(-1_000_000);
          this.#printed += bytes.length;
        },
        exited: (code) => exited?.(code),
      },
    );
  }

  static async open(
    tier: 'T2' | 'T3' = 'T2',
    options: Omit<JailerOptions, 'data'> = {},
  ): Promise<Jailed> {
    const data = mkdtempSync(join(tmpdir(), 'rebe-jail-'));
    const jailer = new HostJailer(clock, { data, ...options });
    const seen: StartedProcess[] = [];
    const jail = await jailer.prepare('sh-00000000000000a6', tier, (one) => seen.push(one));
    const open = await loadTerminals(clock);
    const jailed = new Jailed(data, jailer, jail, seen, open);
    await jail.started(jailed.#terminal.pid);
    const ready = await jailed.run(
      "stty -echo; PS1=''; PS2=''; PROMPT_COMMAND=''; bind 'set enable-bracketed-paste off'",
    );
    if (ready.code !== 0) throw new Error(ready.text);
    return jailed;
  }

  /** What was printed so far. */
  get output(): string {
    return this.#output;
  }

  /** The session's user on this machine; a full shell's is root. */
  get uid(): number {
    const word = this.jail.launch.args.find((one) => one.startsWith('--reuid='));
    return word === undefined ? 0 : Number(word.slice('--reuid='.length));
  }

  /** All that run as its user, by their ids on this machine. */
  processes(): readonly number[] {
    return processesOf(this.uid);
  }

  /** Types, and waits for nothing. */
  type(text: string): void {
    void this.#terminal.write(Buffer.from(text));
  }

  /** Types a command and waits for its end. */
  async run(command: string): Promise<Ran> {
    this.#commands += 1;
    const end = `${mark}${this.#commands} `;
    const from = this.#printed;
    this.type(`{ ${command}\n} 2>&1; echo "@@""done${this.#commands} $?"\n`);
    const found = await until(
      () => `the end of ${command}: ${this.#output.slice(-2_000)}`,
      patience,
      () => new RegExp(`${end}(\\d+)\\r?\\n`).exec(this.#since(from)) ?? undefined,
    );
    const text = this.#since(from).slice(0, found.index).replaceAll('\r\n', '\n');
    return { code: Number(found[1]), text };
  }

  /** What was printed after so many bytes, as far as it is kept. */
  #since(from: number): string {
    return this.#output.slice(Math.max(0, this.#output.length - (this.#printed - from)));
  }

  /** Everything ends, and how long that took in ms. */
  async kill(): Promise<number> {
    const before = performance.now();
    await this.jail.kill();
    const took = performance.now() - before;
    this.#over = true;
    await this.#exited;
    return took;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.kill();
    this.#terminal.close();
    await this.jail.close();
    await this.jailer.close();
    const left = existsSync(join(this.data, 'jails')) ? readdirSync(join(this.data, 'jails')) : [];
    removeFolder(this.data);
    if (left.length > 0) throw new Error(`left of its jails: ${left.join(' ')}`);
  }
}
