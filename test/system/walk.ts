// Pages of docs are walked as they stand: their files are written, their edits made, their commands given, in two terminals,
// and what they print is what the page says. Times, seeds, counts, hashes and keys may be others.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { rebe, until } from './test-cell.ts';

interface Block {
  readonly kind: string;
  /** The file; of a console, how it is used. */
  readonly name: string;
  readonly text: string;
}

/** A machine that runs many tests is slow, and the lamp's day has two minutes. */
const patience = 180_000;

/** What one page does, in a folder of its own. `await using` ends what it started. */
export class Walk implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rebe-walk-'));
  /** In the other terminal. */
  #demo: ChildProcess | undefined;
  #said = '';

  /** Walks the page to its end; how many blocks it had of each kind. */
  async page(file: string): Promise<Readonly<Record<string, number>>> {
    const kinds: Record<string, number> = {};
    for (const block of blocksOf(file)) {
      const kind = `${block.kind} ${block.kind === 'console' ? block.name : ''}`.trim();
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      // oxlint-disable-next-line no-await-in-loop -- one step after the other
      await this.#walk(block);
    }
    return kinds;
  }

  async #walk(block: Block): Promise<void> {
    if (block.kind === 'yaml') this.#write(block);
    else if (block.kind === 'diff') this.#edit(block);
    else if (block.name === 'live') await this.#ask(block);
    else if (block.name === 'demo') await this.#start(block);
    else if (block.name === 'ctrl-c') await this.#interrupt();
    else this.#give(block);
  }

  #write({ name, text }: Block): void {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  #edit({ name, text }: Block): void {
    const path = join(this.#folder, name);
    const before = readFileSync(path, 'utf8');
    const [, old = '', fresh = ''] = /^-(.*)\n\+(.*)\n$/.exec(text) ?? [];
    assert.equal(before.split(old).length, 2, `${name} has once: ${old}`);
    writeFileSync(
      path,
      before.replace(old, () => fresh),
    );
  }

  #give(block: Block): void {
    const { command, words, said } = readCommand(block);
    assert.equal(timeless(this.#printed(command, words)), timeless(said));
  }

  /** Of a running cell it is asked again until it says so: the page says that it takes some seconds. */
  async #ask(block: Block): Promise<void> {
    const { command, words, said } = readCommand(block);
    let text = '';
    await until(
      () => `${command} says\n${this.#masked(said)}\nand not\n${this.#masked(text)}`,
      patience,
      () => {
        text = this.#printed(command, words);
        return this.#masked(text) === this.#masked(said) ? true : undefined;
      },
    );
  }

  async #start(block: Block): Promise<void> {
    const { words, said } = readCommand(block);
    const child = spawn(process.execPath, [rebe, ...words], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#demo = child;
    this.#said = '';
    let told = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString('utf8');
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      told = (told + chunk.toString('utf8')).slice(-2000);
    });
    await until(
      () => `it prints ${this.#masked(said)}\nand not ${this.#masked(this.#said)}\n${told}`,
      patience,
      () => (this.#masked(this.#said) === this.#masked(said) ? true : undefined),
    );
  }

  async #interrupt(): Promise<void> {
    const child = this.#demo;
    child?.kill('SIGINT');
    await until('the demo ends', 60_000, () =>
      child?.exitCode === null && child.signalCode === null ? undefined : true,
    );
  }

  #printed(command: string, words: readonly string[]): string {
    const ran = spawnSync(process.execPath, [rebe, ...words], {
      cwd: this.#folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
    const text = ran.stdout + ran.stderr;
    const [, head] = / \| head -(\d+)$/.exec(command) ?? [];
    return head === undefined ? text : text.split('\n').slice(0, Number(head)).join('\n');
  }

  /** Without anything that is another each time. */
  #masked(text: string): string {
    return timeless(text)
      .replaceAll(`${this.#folder}/`, '')
      .replaceAll(/#key=\S+/g, '#key=#')
      .replaceAll(/\b[0-9a-f]{12}\b/g, '#')
      .replaceAll(/\d+/g, '#')
      .replaceAll(/ {2,}/g, '  ');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#interrupt();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function blocksOf(file: string): Block[] {
  const blocks = /^```(console|yaml|diff) ?(.*)\n([^`]*(?:`[^`\n]+`[^`]*)*?)^```$/gm;
  return [...readFileSync(file, 'utf8').matchAll(blocks)].flatMap(
    ([, kind = '', name = '', text = '']) =>
      kind === 'yaml' && name === '' ? [] : [{ kind, name, text }],
  );
}

/** Without its times, and without the columns that they take. */
const timeless = (text: string): string => text.replaceAll(/ *\d+\.\d+ s/g, ' # s').trimEnd();

/** The command of a block, its words, and what it is to print. */
function readCommand({ text }: Block): { command: string; words: string[]; said: string } {
  const [command = '', ...said] = text.split('\n');
  const words = command.replace(/ \| head -\d+$/, '').split(' ');
  assert.deepEqual(words.slice(0, 2), ['$', 'rebe']);
  return { command, words: words.slice(2), said: said.join('\n').trimEnd() };
}
