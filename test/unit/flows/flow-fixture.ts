// Makes whole `Flow` values from the few parts that a test is about. Nothing here is checked: that is
// the parser's work.
import { milliseconds } from '#contract/time.ts';
import type { Flow, FlowType, InputDecl, OutputDecl, TransitionDecl } from '#flows/program.ts';

export const span = { start: 0, end: 1 };
export const bool: FlowType = { kind: 'bool' };
export const real: FlowType = { kind: 'real' };
export const enumOf = (...values: string[]): FlowType => ({ kind: 'enum', values });

export function flowOf(parts: Partial<Flow> = {}): Flow {
  return {
    name: 'test',
    version: 1,
    scan: milliseconds(20),
    inputs: [],
    commands: [],
    outputs: [],
    signals: [],
    foreign: [],
    ctx: [],
    params: [],
    lets: [],
    regions: [],
    states: [],
    transitions: [],
    edges: [],
    holds: [],
    interlocks: [],
    alarms: [],
    assumes: [],
    properties: [],
    ...parts,
  };
}

export function inputOf(name: string, parts: Partial<InputDecl> = {}): InputDecl {
  return {
    name,
    title: name,
    type: bool,
    stale: milliseconds(500),
    uncertainIsGood: false,
    latch: false,
    system: false,
    span,
    ...parts,
  };
}

export function outputOf(name: string, parts: Partial<OutputDecl> = {}): OutputDecl {
  return { name, title: name, type: bool, safe: 0, idle: 0, span, ...parts };
}

export function transitionOf(id: string, parts: Partial<TransitionDecl> = {}): TransitionDecl {
  return {
    id,
    region: 0,
    holder: -1,
    hold: -1,
    except: [],
    set: [],
    to: -1,
    domain: -1,
    notes: [],
    span,
    ...parts,
  };
}
