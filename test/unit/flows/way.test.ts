// The way back to work: the commands and own steps that lead a unit to Execute, and what each lacks now.
import { expect, test } from 'vitest';
import { Why } from '#contract/wire.ts';
import { explain } from '#flows/explain.ts';
import type { Flow } from '#flows/program.ts';
import { cellOf, compiled, frameOf, inState, inStates, tending } from './cell-fixture.ts';

const ready: Readonly<Record<string, number>> = {
  'safety.estop': 1,
  'safety.gate': 1,
  'door.opened': 0,
  'door.closed': 1,
  'clamp.opened': 0,
  'clamp.pressure': 6,
  'cnc.ready': 1,
  'cnc.running': 0,
  'cnc.done': 0,
  'cnc.alarm': 0,
  'spindle.stopped': 1,
  'spindle.temp': 30,
  'robot.home': 1,
  'robot.done': 0,
  'robot.fault': 0,
  'gripper.part': 0,
  'infeed.part': 1,
  'outfeed.full': 0,
  'coolant.flow': 9,
  'sys.restarted': 0,
};

/** `clear>Clearing: lacks safety.gate`; an own step begins with a dash. */
function wayOf(
  flow: Flow,
  paths: readonly string[],
  values: Readonly<Record<string, number>> = {},
  ctx: Readonly<Record<string, number>> = {},
): readonly string[] | undefined {
  const frame = frameOf(flow, 1000, values);
  const { back } = explain(cellOf(flow), 0, frame, inStates(flow, paths, ctx));
  return back?.map(({ command, to, lacks }) => {
    const step = `${command ?? '-'}>${to.replace(/^unit\./, '')}`;
    return lacks.length === 0 ? step : `${step}: ${lacks.join(', ')}`;
  });
}

const tendingWay = (
  paths: readonly string[],
  values: Readonly<Record<string, number>> = {},
  ctx: Readonly<Record<string, number>> = { loaded: 0 },
) => wayOf(tending, paths, { ...ready, ...values }, ctx);

const up = ['reset>Resetting', '->Idle', 'start>Execute'];
const cleared = ['clear>Clearing', '->Stopped'];

test.each<[name: string, paths: string[], loaded: number, way: readonly string[] | undefined]>([
  ['at work there is none', ['unit.Execute.Machining'], 1, undefined],
  ['from Idle one command', ['unit.Idle'], 0, ['start>Execute']],
  ['from Aborted five steps', ['unit.Aborted'], 0, [...cleared, ...up]],
  [
    'a part that may be in the chuck is declared away first',
    ['unit.Aborted'],
    1,
    [...cleared, 'empty>Stopped', ...up],
  ],
  ['from Held the unit goes on', ['unit.Held'], 0, ['unhold>Unholding', '->Execute']],
  [
    'but with a part in the chuck only by a stop',
    ['unit.Held'],
    1,
    ['stop>Stopping', '->Stopped', 'empty>Stopped', ...up],
  ],
  ['a full batch is counted anew', ['unit.Complete'], 0, up],
  ['from Suspended the flow goes on by itself', ['unit.Suspended'], 0, ['->Execute']],
  [
    'in Manual the mode comes back before the reset',
    ['unit.Stopped', 'mode.Manual'],
    0,
    ['automatic>mode.Automatic', ...up],
  ],
  [
    'what failed in another region is cleared on the way',
    ['unit.Aborted', 'coolant.Failed.PumpOff'],
    0,
    ['clear>Clearing', '->coolant.Dry', '->Stopped', ...up],
  ],
  [
    'from Stopped too, where Clearing is a detour',
    ['unit.Stopped', 'door.Failed'],
    0,
    ['clear>Clearing', '->door.Rest', '->Stopped', ...up],
  ],
])('%s', (_, paths, loaded, way) => {
  expect(tendingWay(paths, {}, { loaded })).toEqual(way);
});

test('each step says what it still lacks, false or unknown, in the state in which it is taken', () => {
  const lacking = {
    'safety.gate': 0,
    'cnc.alarm': 1,
    'robot.fault': Number.NaN,
    'gripper.part': 1,
  };
  expect(tendingWay(['unit.Aborted'], lacking, { loaded: 1 })).toEqual([
    'clear>Clearing: safety.gate',
    '->Stopped: !cnc.alarm, !robot.fault',
    'empty>Stopped',
    'reset>Resetting: !cnc.alarm, !robot.fault',
    '->Idle: !gripper.part',
    'start>Execute',
  ]);
});

test('a batch that is full and lost its Complete is counted anew from Idle', () => {
  const way = tendingWay(['unit.Idle'], {}, { loaded: 0, parts: 200 });
  expect(way).toEqual(['reset>Resetting', '->Idle', 'start>Execute']);
});

const press = (states: string): Flow =>
  compiled(
    'f.flow.yaml',
    `flow: f
format: cellflow/1
version: 1
scan: 20ms
inputs:
  a: {type: bool, stale: 1s}
commands:
  go: {role: operator}
  back: {role: operator}
ctx:
  count: {type: int, min: 0, max: 9999, init: 0}
alarms:
  seen: {when: a && ctx.count > 5000, priority: 4, text: Seen}
regions:
  unit:
    initial: Stopped
    states:
${states.replaceAll(/^/gm, '      ')}
`,
  );
const work = 'Execute: {rest: true, go: [{id: E1, when: cmd.back, to: Stopped}]}';

test.each<[name: string, states: string, way: readonly string[] | undefined]>([
  [
    'what the states rule out is no way, whatever the inputs are',
    `Stopped: {rest: true, go: [{id: U1, when: "cmd.go && active('unit.Execute')", to: Execute}]}
${work}`,
    undefined,
  ],
  [
    'a condition that would have to fail is taken only where nothing else leads on',
    `Stopped: {rest: true, go: [{id: U1, unless: a, to: Execute}, {id: U2, when: cmd.go, to: Idle}]}
Idle: {rest: true, go: [{id: I1, when: cmd.go, to: Execute}]}
${work}`,
    ['go>Idle', 'go>Execute'],
  ],
  [
    'a time that is still to come is lacking',
    `Stopped: {rest: true, go: [{id: U1, when: cmd.go, to: Idle}]}
Idle: {go: [{id: I1, after: 5s, to: Execute}]}
${work}`,
    ['go>Idle', '->Execute: after 5s'],
  ],
  [
    'of two ways the command is chosen before the input that does the same',
    `Stopped: {rest: true, go: [{id: U1, when: a || cmd.go, to: Execute}]}
${work}`,
    ['go>Execute'],
  ],
  [
    'what an outer state takes first does not lead further in',
    `Stopped: {initial: Inner, go: [{id: U1, when: cmd.go && ctx.count < 5, to: Idle}], states: {Inner: {rest: true, go: [{id: U2, when: cmd.go && ctx.count < 9, to: unit.Execute}]}}}
Idle: {rest: true, go: [{id: I1, when: cmd.back, to: Execute}]}
${work}`,
    ['go>Idle', 'back>Execute'],
  ],
  [
    'memory that must first be counted up is counted',
    `Stopped: {rest: true, go: [{id: U1, when: cmd.go, set: {count: count + 1}}, {id: U2, when: cmd.back && ctx.count > 2, to: Execute}]}
${work}`.replace('count + 1', 'ctx.count + 1'),
    ['go>Stopped', 'go>Stopped', 'go>Stopped', 'back>Execute'],
  ],
  [
    'a search that finds no end gives up, and says nothing',
    `Stopped: {rest: true, go: [{id: U1, when: cmd.go, set: {count: ctx.count + 1}}, {id: U2, when: cmd.back && ctx.count > 9000, to: Execute}]}
${work}`,
    undefined,
  ],
])('%s', (_, states, way) => {
  expect(wayOf(press(states), [], { a: 1 })).toEqual(way);
});

test('from a state that leads nowhere there is none', () => {
  const flow = press(`Stopped: {rest: true, go: [{id: U1, when: cmd.go, to: Execute}]}
Execute: {rest: true, go: [{id: E1, when: cmd.back, to: Done}]}
Done: {rest: true}`);
  expect(wayOf(flow, [])).toEqual(['go>Execute']);
  expect(wayOf(flow, ['unit.Done'])).toBeUndefined();
});

test('a flow without a unit in PackML words has none', () => {
  const text = press(`Stopped: {rest: true, go: [{id: U1, when: cmd.go, to: Running}]}
Running: {rest: true, go: [{id: E1, when: cmd.back, to: Stopped}]}`);
  expect(wayOf(text, [])).toBeUndefined();
});

test('is what the door carries', () => {
  const frame = frameOf(tending, 1000, ready);
  const configuration = inState(tending, 'unit.Aborted', 0);
  const explained = explain(cellOf(tending), 0, frame, configuration);
  const why = { type: 'why', flow: 'f', frame: 1, ...explained };
  expect(Why.parse(JSON.parse(JSON.stringify(why)))).toEqual(why);
});
