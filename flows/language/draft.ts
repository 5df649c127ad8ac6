// A flow that was read whole, right or wrong: what the checks look at.
import type { InterlockDecl, RegionDecl, StateDecl, TransitionDecl } from '#flows/program.ts';
import type { Fields } from './fields.ts';
import type { Table } from './names.ts';
import type { Outline } from './outline.ts';
import type { Sentences } from './sentences.ts';
import type { TransitionReader } from './transitions.ts';

export interface Draft {
  readonly top: Fields;
  readonly outline: Outline;
  readonly sentences: Sentences;
  readonly states: readonly StateDecl[];
  readonly regions: readonly RegionDecl[];
  readonly transitions: readonly TransitionDecl[];
  readonly reader: TransitionReader;
  readonly interlocks: Table<InterlockDecl>;
}
