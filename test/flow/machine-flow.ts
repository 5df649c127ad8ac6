// Two small flows that the tests of the scan share: one with every kind of thing in it, and one that
// listens to the other's signal.
import { rigOf } from './cell-rig.ts';
import type { Rig } from './cell-rig.ts';

export const machine = `
flow: machine
format: cellflow/1
version: 1
scan: 50ms
inputs:
  part: {type: bool, stale: 1s}
  level: {type: real, min: 0, max: 100, stale: 1s}
commands:
  start: {role: operator, class: start}
  stop: {role: anyone, class: stop}
  jog: {role: operator, held: 300ms}
outputs:
  motor: {type: bool, safe: false}
  speed: {type: int, min: 0, max: 9, safe: 0}
  lamp: {type: enum, values: [red, green], safe: red}
signals:
  want: {type: bool, idle: false}
ctx:
  count: {type: int, min: 0, max: 3, init: 0, retain: true}
  tries: {type: int, min: 0, max: 9, init: 0}
params:
  limit: {type: real, init: 50, min: 10, max: 90}
regions:
  unit:
    initial: Idle
    go:
      - {id: U1, when: cmd.stop, except: [Idle], to: Idle}
    states:
      Idle:
        rest: true
        go:
          - {id: U2, when: cmd.start && part, to: Busy}
      Busy:
        do: {motor: true, speed: 3, lamp: green, want: true}
        go:
          - {id: U3, when: level > param.limit, set: {count: ctx.count + 1, tries: ctx.count}, to: Done}
          - {id: U4, after: 1s, to: Idle}
      Done:
        rest: true
        do: {lamp: green}
        go:
          - {id: U5, when: part, for: 100ms, to: Idle}
          - {id: U6, unless: "!sys.restarted", to: Idle}
  follower:
    initial: None
    states:
      None: {rest: true, go: [{id: F1, when: sig.want, to: First}]}
      First: {rest: true, go: [{id: F2, when: sig.want, to: Second}, {id: F3, unless: sig.want, to: None}]}
      Second: {rest: true, go: [{id: F4, unless: sig.want, to: None}]}
  hand:
    initial: Up
    states:
      Up: {rest: true, go: [{id: H1, when: cmd.jog, to: Down}]}
      Down: {rest: true, go: [{id: H2, unless: cmd.jog, to: Up}]}
`;

export const other = `
flow: other
format: cellflow/1
version: 1
scan: 50ms
inputs:
  gate: {type: bool, stale: 1s}
outputs:
  horn: {type: bool, safe: false}
regions:
  listen:
    initial: Quiet
    states:
      Quiet: {rest: true, go: [{id: Q1, when: flow.machine.sig.want, to: Loud}]}
      Loud: {rest: true, do: {horn: true}, go: [{id: Q2, unless: flow.machine.sig.want || gate, to: Quiet}]}
`;

/** A cell whose flows run and rest. */
export async function running(flows: Readonly<Record<string, string>> = { machine }): Promise<Rig> {
  const rig = await rigOf({ flows });
  rig.scan({ tags: rig.rest() });
  rig.scan();
  return rig;
}

/** The machine is in `unit.Busy` since the last scan. */
export async function busy(flows?: Readonly<Record<string, string>>): Promise<Rig> {
  const rig = await running(flows);
  rig.scan({ tags: { part: true }, command: 'machine.start' });
  return rig;
}
