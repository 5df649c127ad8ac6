import { describe, expect, test } from 'vitest';
import { Why } from '#contract/wire.ts';
import { initialConfiguration, newConfiguration, newFrame } from '#flows/engine/engine.ts';
import { explain, explainTransition, tagsOfTerm } from '#flows/explain.ts';
import { cellOf, compiled, frameOf, inState, inStates, tending } from './cell-fixture.ts';

/** All inputs of a cell that is ready to work. */
const ready = {
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

describe('the tending cell', () => {
  const plan = cellOf(tending, { 'clamp.pressure': 'gauge.bar' });
  const at = (path: string, values: Partial<typeof ready> = {}, now = 1000, since = 0) =>
    explain(plan, 0, frameOf(tending, now, { ...ready, ...values }), inState(tending, path, since));
  const candidate = (from: ReturnType<typeof at>, id: string) => {
    const found = from.candidates.find(({ transition }) => transition === id);
    if (found === undefined) throw new Error(`no candidate ${id}`);
    return found;
  };

  test('lists the transitions of each region outside in, in their order, without those excepted', () => {
    const ids = at('unit.Execute.Clamping').candidates.map(({ transition }) => transition);
    expect(ids.filter((id) => id.startsWith('U') || id.startsWith('E'))).toEqual([
      'U1',
      'U2',
      'U3',
      'U15',
      'U16',
      'E8',
      'E9',
      'E10',
    ]);
    const aborted = at('unit.Aborted').candidates.map(({ transition }) => transition);
    expect(aborted).not.toContain('U1');
    expect(aborted).toContain('U5');
  });

  test('opens lets, names the tags of the cell behind each term and says what blocks', () => {
    const waits = candidate(at('unit.Execute.Clamping', { 'clamp.pressure': 3 }), 'E8');
    expect(waits).toEqual({
      region: 'unit',
      transition: 'E8',
      from: 'unit.Execute.Clamping',
      to: 'unit.Execute.RobotOut',
      term: {
        kind: 'all',
        truth: 'false',
        text: 'clamped',
        of: [
          {
            kind: 'all',
            truth: 'false',
            text: 'clamped',
            of: [
              {
                kind: 'term',
                truth: 'false',
                text: 'clamp.pressure >= param.clamp.min',
                tags: ['gauge.bar'],
              },
              { kind: 'term', truth: 'true', text: '!clamp.opened', tags: ['clamp.opened'] },
            ],
          },
        ],
      },
      blocking: ['clamp.pressure >= param.clamp.min'],
    });
    expect(tagsOfTerm(waits.term)).toEqual(['gauge.bar', 'clamp.opened']);
  });

  test('tells an unknown term from a false one', () => {
    const waits = candidate(at('unit.Execute.Clamping', { 'clamp.opened': Number.NaN }), 'E8');
    expect(waits.term.truth).toBe('unknown');
    expect(waits.term.of?.[0]?.of?.map(({ truth }) => truth)).toEqual(['true', 'unknown']);
    expect(waits.blocking).toEqual(['!clamp.opened']);
  });

  test('counts down what is left of a timer', () => {
    const waits = candidate(at('unit.Execute.Clamping', {}, 3000, 1000), 'E9');
    expect(waits.term.of?.at(-1)).toEqual({
      kind: 'after',
      truth: 'false',
      text: 'after 5s',
      remaining_ms: 3000,
    });
    expect(waits.blocking).toEqual(['after 5s']);
    expect(candidate(at('unit.Execute.Clamping', {}, 9000, 1000), 'E9').blocking).toEqual([]);
  });

  test('says of `unless` what it still stands on, and lets the unknown through', () => {
    const stands = candidate(at('unit.Execute.Clamping'), 'U2');
    expect(stands.term.truth).toBe('false');
    expect(stands.term.of?.[0]).toMatchObject({
      kind: 'not',
      truth: 'false',
      text: 'unless safe && !sys.restarted',
    });
    expect(stands.blocking).toEqual(['!safety.estop']);
    const blind = candidate(at('unit.Execute.Clamping', { 'safety.gate': Number.NaN }), 'U2');
    expect(blind.term.truth).toBe('true');
    expect(blind.blocking).toEqual([]);
  });

  test('counts a hold timer from when its condition began to hold', () => {
    const configuration = inState(tending, 'unit.Execute.OpenUnload', 0);
    const e20 = tending.transitions.find(({ id }) => id === 'E20');
    configuration.holds[e20?.hold ?? -1] = 4000;
    const frame = frameOf(tending, 5000, ready);
    const waits = explain(plan, 0, frame, configuration).candidates.find(
      ({ transition }) => transition === 'E20',
    );
    expect(waits?.term.of?.at(-1)).toEqual({
      kind: 'for',
      truth: 'false',
      text: 'for 12s',
      remaining_ms: 11_000,
    });
  });

  const commandsAt = (paths: readonly string[], values: Partial<typeof ready> = {}) => {
    const frame = frameOf(tending, 1000, { ...ready, ...values });
    const { commands } = explain(plan, 0, frame, inStates(tending, paths));
    return Object.fromEntries(commands.map(({ name, lacks }) => [name, lacks]));
  };

  test('lists the commands that the active states accept and what each lacks', () => {
    expect(commandsAt(['unit.Aborted'], { 'safety.gate': 0 })).toEqual({
      clear: ['safety.gate'],
      manual: [],
    });
    expect(commandsAt(['unit.Aborted', 'mode.Manual'], { 'safety.gate': 0 })).toEqual({
      clear: ['safety.gate'],
      automatic: [],
      'jog.open': ['safety.gate'],
      'jog.close': ['safety.gate'],
      'jog.unclamp': ['door.opened', '!door.closed'],
    });
    expect(commandsAt(['unit.Stopped'], { 'cnc.alarm': 1 })).toMatchObject({
      reset: ['!cnc.alarm', '!ctx.loaded'],
      clear: [],
      empty: [],
      abort: [],
    });
    expect(commandsAt(['unit.Idle'])).toMatchObject({
      start: [],
      reset: ['ctx.parts >= param.batch'],
    });
    expect(commandsAt(['unit.Idle'])).not.toHaveProperty('clear');
    expect(commandsAt(['unit.Execute.Machining'])).toMatchObject({ hold: [], stop: [] });
  });

  test('a held command is accepted where holding it keeps the state', () => {
    expect(commandsAt(['door.JogOpen', 'mode.Manual'])['jog.open']).toEqual([]);
    expect(commandsAt(['door.Rest', 'mode.Manual'], { 'safety.estop': 0 })['jog.open']).toEqual([
      'safety.estop',
    ]);
    // In Automatic the door would fall back to rest whatever a hand does.
    expect(commandsAt(['door.JogOpen'])).not.toHaveProperty('jog.open');
  });

  test('a command that the states rule out is not accepted, whatever else it would need', () => {
    expect(commandsAt(['unit.Execute.Machining'])).not.toHaveProperty('manual');
    expect(commandsAt(['unit.Stopped'])).toHaveProperty('manual');
    expect(commandsAt(['unit.Stopped', 'mode.Manual'])).not.toHaveProperty('reset');
    expect(commandsAt(['unit.Stopped'], { 'robot.home': 0 })).toHaveProperty('reset');
  });

  test('a command of one scan is waited for again once that scan is over', () => {
    const frame = frameOf(tending, 1000, ready);
    frame.commands.fill(1);
    const { candidates } = explain(plan, 0, frame, inState(tending, 'unit.Idle', 0));
    const start = candidates.find(({ transition }) => transition === 'U14');
    expect(start?.blocking).toEqual(['cmd.start']);
  });

  test('says why a transition fired, over the state in which it did', () => {
    const frame = frameOf(tending, 1000, { ...ready, 'cnc.alarm': Number.NaN });
    const before = inState(tending, 'unit.Execute.Machining', 0);
    const u15 = tending.transitions.findIndex(({ id }) => id === 'U15');
    const term = explainTransition(plan, { flow: 0, transition: u15 }, frame, before);
    expect(term?.truth).toBe('true');
    expect(term?.of?.[0]?.of?.[0]).toMatchObject({ text: 'healthy', truth: 'unknown' });
    expect(term && tagsOfTerm(term)).toEqual(['cnc.alarm', 'robot.fault']);
  });

  test('is what the door carries', () => {
    const { candidates, commands } = at('unit.Execute.WaitPart');
    const why = { type: 'why', flow: 'f', frame: 1, candidates, commands };
    expect(Why.parse(JSON.parse(JSON.stringify(why)))).toEqual(why);
  });

  test('a flow that the cell does not have waits for nothing', () => {
    expect(explain(plan, 7, newFrame(tending), newConfiguration(tending))).toEqual({
      candidates: [],
      commands: [],
    });
  });
});

describe('alternatives', () => {
  const flow = compiled(
    'f.flow.yaml',
    `flow: f
format: cellflow/1
version: 1
scan: 20ms
inputs:
  a: {type: bool, stale: 1s}
  b: {type: bool, stale: 1s}
  c: {type: bool, stale: 1s}
  d: {type: bool, stale: 1s}
  n: {type: int, stale: 1s, min: 0, max: 9}
ctx:
  count: {type: int, min: 0, max: 99, init: 0}
regions:
  r:
    initial: S
    states:
      S:
        rest: true
        go:
          - {id: A1, when: (a && b) || c, to: T}
          - {id: A2, when: "!(a || b)", to: T}
          - {id: A3, when: "!(a && b)", to: T}
          - {id: A4, when: sure(a && b), to: T}
          - {id: A5, when: maybe(a && b), to: T}
          - {id: A6, when: "!sure(a || b)", to: T}
          - {id: A7, when: rise(a), to: T}
          - {id: A8, when: "a ? b : c", to: T}
          - {id: A9, when: "n + 1 > 3 && d", set: {count: n}, to: T}
      T: {rest: true}
`,
  );
  const plan = cellOf(flow);
  const u = Number.NaN;
  test.each<[id: string, a: number, b: number, c: number, truth: string, blocking: string[]]>([
    ['A1', 0, 0, 0, 'false', ['c']],
    ['A1', 1, 0, 0, 'false', ['b']],
    ['A1', 1, u, 0, 'unknown', ['b']],
    ['A1', u, u, 1, 'true', []],
    ['A2', 1, u, 0, 'false', ['!a', '!b']],
    ['A2', 0, u, 0, 'unknown', ['!b']],
    ['A3', 1, 1, 0, 'false', ['!a']],
    ['A3', 1, u, 0, 'unknown', ['!a']],
    ['A4', 1, u, 0, 'false', ['b']],
    ['A5', 1, u, 0, 'true', []],
    ['A5', 0, 1, 0, 'false', ['a']],
    ['A6', 1, u, 0, 'false', ['!a']],
    ['A6', u, u, 0, 'true', []],
    ['A7', u, 0, 0, 'false', ['rise(a)']],
    ['A7', 1, 0, 0, 'false', ['rise(a)']],
    ['A8', 1, 0, 1, 'false', ['a ? b : c']],
  ])('%s with a=%d b=%d c=%d is %s', (id, a, b, c, truth, blocking) => {
    const { candidates } = explain(
      plan,
      0,
      frameOf(flow, 100, { a, b, c }),
      initialConfiguration(flow, 0),
    );
    const found = candidates.find(({ transition }) => transition === id);
    expect(found?.blocking).toEqual(blocking);
    expect(found?.term.truth).toBe(truth);
  });

  test('an edge shows what it watches, unknown too', () => {
    const frame = frameOf(flow, 100, { b: 0, c: 0 });
    const { candidates } = explain(plan, 0, frame, initialConfiguration(flow, 0));
    const found = candidates.find(({ transition }) => transition === 'A7');
    expect(found?.term.of?.[0]).toEqual({
      kind: 'term',
      truth: 'false',
      text: 'rise(a)',
      tags: ['a'],
      of: [{ kind: 'term', truth: 'unknown', text: 'a', tags: ['a'] }],
    });
  });

  test('an unknown value of a `set` is a term of its own', () => {
    const frame = frameOf(flow, 100, { a: 0, b: 0, c: 0, d: 1 });
    const { candidates } = explain(plan, 0, frame, initialConfiguration(flow, 0));
    const found = candidates.find(({ transition }) => transition === 'A9');
    expect(found?.term.of?.at(-1)).toEqual({
      kind: 'term',
      truth: 'unknown',
      text: 'a value for ctx.count: n',
      tags: ['n'],
    });
    expect(found?.blocking).toEqual(['n + 1 > 3', 'a value for ctx.count: n']);
  });
});

test('lets that double forty times are opened only so far', () => {
  const lets = Array.from(
    { length: 40 },
    (_, index) => `  l${index + 1}: l${index} && l${index}\n`,
  );
  const flow = compiled(
    'f.flow.yaml',
    `flow: f
format: cellflow/1
version: 1
scan: 20ms
inputs:
  a: {type: bool, stale: 1s}
commands:
  go: {role: anyone}
let:
  l0: a
${lets.join('')}regions:
  r:
    initial: S
    states:
      S:
        rest: true
        go:
          - {id: A1, when: cmd.go && l40, to: T}
      T: {rest: true}
`,
  );
  const { candidates, commands } = explain(
    cellOf(flow),
    0,
    frameOf(flow, 100, { a: 0 }),
    initialConfiguration(flow, 0),
  );
  expect(commands[0]?.ready).toBe(false);
  expect(candidates[0]?.blocking).toContain('cmd.go');
  expect(JSON.stringify(candidates).length).toBeLessThan(200_000);
});
