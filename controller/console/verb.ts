// What a verb of the console is: the words it takes, the permission it asks for, what it may be completed with.
import type { SessionView } from '#contract/shell.ts';
import type { Permission, Principal } from '#contract/people.ts';
import type { Why } from '#contract/wire.ts';
import { CellError } from '#contract/error.ts';
import type { HistoryReader } from '#controller/history/reader.ts';
import type { Layer } from '#controller/shell/parts.ts';
import type { Guest } from '#controller/server/routes.ts';
import type { ActDesk, HeardCell } from './act-desk.ts';
import type { OptionPlans, ReadLine } from './line.ts';
import type { ShownPicture } from './show-cell.ts';
import type { Shown } from './shown.ts';

/** What of station the console asks. */
export interface ConsoleParts {
  /** UTC. */
  now(): number;
  cell(): HeardCell;
  /** What a flow waits for, now. */
  why(flow: string): Promise<Why>;
  readonly desk: ActDesk;
  /** Throws while there is no history. */
  history(): HistoryReader;
  /** Where `chronicle.db` stands. Throws `E_DOOR_RATE`: a question of it costs more than others. */
  chronicle(): string;
  /** Shell sessions, as lists show them. */
  shells(): readonly SessionView[];
  /** What the machine has to confine one. */
  layers(): Promise<readonly Layer[]>;
}

/** A line that was read, and who wrote it. */
export interface AskedLine extends ReadLine {
  readonly guest: Guest;
  readonly principal: Principal;
  readonly parts: ConsoleParts;
  readonly cell: ShownPicture;
}

export interface Candidate {
  readonly text: string;
  readonly about: string;
}

export interface ConsoleVerb {
  readonly name: string;
  /** What it reads of, or what it does: T0 or T1 of contract/shell.ts. */
  readonly tier: 'T0' | 'T1';
  readonly needs: Permission;
  readonly usage: string;
  readonly summary: string;
  readonly example: string;
  readonly words: readonly [least: number, most: number];
  readonly options: OptionPlans;
  /** What the word after these may be. */
  readonly candidates?: (words: readonly string[], cell: ShownPicture) => readonly Candidate[];
  run(asked: AskedLine): Shown | Promise<Shown>;
}

/** The picture of a cell that was heard; throws `E_CELL_NOT_RUNNING`. */
export function pictureOf({ hello, snapshot }: HeardCell): ShownPicture {
  if (hello === undefined || snapshot === undefined)
    throw new CellError('E_CELL_NOT_RUNNING', 'control was not heard yet');
  return { hello, snapshot };
}
