// What an expression may read, by where it stands: a guard nearly all, an interlock inputs alone.
import type { Expr } from '#flows/program.ts';
import { walk } from '#flows/walk.ts';
import type { Report } from './report.ts';
import type { ReadKind, Reads } from './reads.ts';
import { readOf } from './reads.ts';

export type Place = 'guard' | 'let' | 'entry' | 'interlock' | 'judgement' | 'property' | 'state';

const anything: readonly ReadKind[] = [
  'input',
  'command',
  'signal',
  'foreign',
  'ctx',
  'param',
  'active',
  'good',
  'edge',
  'trip',
];
const allowed: Readonly<Record<Place, readonly ReadKind[]>> = {
  guard: anything,
  let: anything,
  judgement: anything,
  entry: ['ctx', 'param'],
  interlock: ['input', 'good'],
  property: [...anything, 'output'],
  state: ['active', 'output', 'signal', 'ctx', 'param'],
};
const told: Readonly<Record<Place, string>> = {
  guard: 'a transition',
  let: 'a named expression',
  judgement: 'an alarm or assumption',
  entry: '`entry`, which reads only ctx. and param.,',
  interlock: 'an interlock, which reads only inputs and lets of inputs,',
  property: 'a property',
  state: 'this, which is about states and outputs,',
};
const names: Readonly<Record<ReadKind, string>> = {
  input: 'an input',
  command: 'a command',
  signal: 'a signal',
  foreign: "another flow's signal",
  ctx: 'ctx',
  param: 'a parameter',
  output: 'an output',
  active: 'a state',
  good: "an input's quality",
  edge: 'an edge',
  trip: 'a trip',
};

/** Tells each part of the expression that must not be read at this place. */
export function restrict(expr: Expr, place: Place, reads: Reads, report: Report): void {
  const may = allowed[place];
  walk(expr, (part) => {
    const kind = readOf(part)?.[0];
    if (kind !== undefined && !may.includes(kind)) {
      report.error('CF0207', part.span, `${told[place]} cannot read ${names[kind]}`, hint(kind));
      return 'skip';
    }
    if (part.kind !== 'let') return undefined;
    for (const inside of reads.of(part).keys()) {
      if (may.includes(inside)) continue;
      const what = `${told[place]} cannot read ${names[inside]}, as this let does`;
      report.error('CF0207', part.span, what);
    }
    return undefined;
  });
}

function hint(kind: ReadKind): string | undefined {
  return kind === 'output' ? 'Outputs are read only in `prove`; ask `active()`.' : undefined;
}
