// The names of one flow: everything that an expression, a state or an interlock can refer to.
// What is declared wrongly keeps its name, so that its uses are not told as well.
import { present } from '#contract/error.ts';
import type {
  CommandDecl,
  CtxDecl,
  InputDecl,
  OutputDecl,
  ParamDecl,
  SignalDecl,
} from '#flows/program.ts';

/** Declarations by name and by index. */
export class Table<T> {
  readonly #index = new Map<string, number>();
  readonly #items: (T | undefined)[] = [];

  /** `item` is absent when its declaration is wrong. */
  add(name: string, item: T | undefined): number {
    const index = this.#items.push(item) - 1;
    this.#index.set(name, index);
    return index;
  }

  /** Fills in what a name stands for. */
  set(index: number, item: T): void {
    this.#items[index] = item;
  }

  index(name: string): number | undefined {
    return this.#index.get(name);
  }

  at(index: number): T | undefined {
    return this.#items[index];
  }

  has(name: string): boolean {
    return this.#index.has(name);
  }

  get size(): number {
    return this.#items.length;
  }

  names(): string[] {
    return [...this.#index.keys()];
  }

  /** Only when everything was declared well. */
  whole(): readonly T[] {
    return this.#items.map((item) => present(item, 'every declaration was read'));
  }
}

export interface Declarations {
  readonly inputs: Table<InputDecl>;
  readonly commands: Table<CommandDecl>;
  readonly outputs: Table<OutputDecl>;
  readonly signals: Table<SignalDecl>;
  readonly ctx: Table<CtxDecl>;
  readonly params: Table<ParamDecl>;
}
