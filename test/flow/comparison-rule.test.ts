// The rule by which a candidate is held against the record, on one small machine: what is compared, what
// counts once, and what becomes of names that do not fit.
import { describe, expect, test } from 'vitest';
import { present } from '#contract/error.ts';
import type { Term } from '#contract/wire.ts';
import type { DifferenceGroup, Moment } from '#contract/comparison.ts';
import { Cell } from '#flows/engine/cell.ts';
import { compileFlow } from '#flows/language/compile.ts';
import type { CellPlan } from '#flows/plan.ts';
import { termLines } from '#flows/replay/both-terms.ts';
import { linkCandidate } from '#flows/replay/candidate-plan.ts';
import { Candidate } from '#flows/replay/candidate.ts';
import type { FixedParameter } from '#flows/replay/candidate.ts';
import { Comparison } from '#flows/replay/comparison.ts';
import { fitCells } from '#flows/replay/fit.ts';
import { Lanes } from '#flows/replay/lanes.ts';
import { Replay } from '#flows/replay/replay.ts';
import { Tally } from '#flows/replay/tally.ts';
import { enginesOf, rigOf } from './cell-rig.ts';
import { machine } from './machine-flow.ts';
import { Recorded } from './recorded.ts';

/** Three works: each is started, takes 20 scans, is done by the level and taken away. */
async function worked(text = machine): Promise<Recorded> {
  const recorded = new Recorded(await rigOf({ flows: { machine: text } }, false));
  const { rig } = recorded;
  recorded.scan({ tags: rig.rest() });
  for (let work = 0; work < 3; work += 1) {
    recorded.scan({ tags: { part: true }, command: 'machine.start' });
    for (let scan = 0; scan < 20; scan += 1) recorded.scan();
    recorded.scan({ tags: { level: 55 } });
    for (let scan = 0; scan < 10; scan += 1) recorded.scan();
    recorded.scan({ tags: { level: 0, part: false } });
    recorded.scan();
  }
  return recorded;
}

interface Found {
  readonly tally: Tally;
  readonly notes: readonly string[];
  readonly lanes: Lanes;
  readonly candidate: Candidate;
}

async function compared(
  recorded: Recorded,
  text: string,
  fix?: (plan: CellPlan) => FixedParameter,
): Promise<Found> {
  const { plan } = recorded.rig;
  const compiled = compileFlow('machine.flow.yaml', text);
  const flow = present(compiled.flow, JSON.stringify(compiled.diagnostics));
  const source = { flow, file: 'machine.flow.yaml', text };
  const linked = linkCandidate(plan.manifest, new Map([['machine', source]]), new Set(['machine']));
  const other = present(linked.plan, JSON.stringify(linked.diagnostics));
  const fit = fitCells(plan, other, new Set(['machine']));
  const cell = new Cell(plan, recorded.rig.engines());
  const tables = await enginesOf([flow], false);
  const fixed = fix === undefined ? [] : [fix(other)];
  const candidate = new Candidate(cell, new Cell(other, tables()), fit, fixed);
  const [tally, lanes] = [new Tally(), new Lanes()];
  const comparison = new Comparison(cell, candidate, tally, lanes);
  const run = new Replay(cell, recorded.start, (input, result) => comparison.take(input, result));
  comparison.begin();
  for (const entry of recorded.entries) expect(run.take(entry)).toBeUndefined();
  expect(run.end().difference).toBeUndefined();
  comparison.end();
  return { tally, notes: fit.notes, lanes, candidate };
}

const edited = (...changes: readonly (readonly [from: string, to: string])[]): string =>
  changes.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, machine);

const brief = (groups: readonly DifferenceGroup[]): string[] =>
  groups.map(({ count, kind, name, recorded, candidate }) => {
    return `${count} ${kind} ${name}: ${recorded} | ${candidate}`;
  });

/** The terms of a difference's first transition, a line each, on both sides. */
function termsOf(moment: Moment | undefined): string[] {
  const both = moment?.transitions[0]?.terms?.[0];
  return [both?.recorded, both?.candidate].map((term) => {
    return `${term?.truth}: ${term?.text}`;
  });
}

describe('a candidate', () => {
  test('that is the recorded flow never differs', async () => {
    const recorded = await worked();
    const { tally, notes } = await compared(recorded, machine);
    expect([tally.first, tally.differences, notes]).toEqual([undefined, 0, []]);
  });

  test('whose guard is never true is told where the record went, with the terms of both', async () => {
    const recorded = await worked();
    const { tally } = await compared(
      recorded,
      edited(['level > param.limit', 'level > param.limit + 9.0']),
    );
    expect(tally.first).toMatchObject({ scan: 23, now: 460 });
    expect(tally.first?.transitions).toMatchObject([
      {
        region: 'unit',
        state: 'unit.Busy',
        recorded: { transition: 'U3' },
        candidate: null,
        after: { recorded: 'unit.Done', candidate: 'unit.Busy' },
        until: 580,
      },
    ]);
    expect(termsOf(tally.first)).toEqual([
      'true: level > param.limit',
      'false: level > param.limit + 9.0',
    ]);
    // Each of the three works is judged by itself.
    expect(brief(tally.groups)).toContain(
      '3 transition unit: U3 to unit.Done | stays in unit.Busy',
    );
    // The counter was put back with the rest: it differs in the scan of each difference alone.
    const memory = tally.groups.find(({ kind, name }) => kind === 'memory' && name === 'count');
    expect(memory).toMatchObject({ count: 3, standing_ms: 60 });
  });

  test('that would have gone earlier counts once for each visit of the recorded state', async () => {
    const recorded = await worked();
    const { tally } = await compared(recorded, edited(['after: 1s', 'after: 100ms']));
    expect(tally.first).toMatchObject({ now: 140 });
    const [group] = tally.groups;
    expect(group).toMatchObject({
      kind: 'transition',
      recorded: 'stays in unit.Busy',
      candidate: 'U4 to unit.Idle',
      count: 3,
    });
    // It stood until the record went on: 320 ms of each work.
    expect(group?.standing_ms).toBe(960);
    expect(tally.moments[0]?.transitions[0]?.until).toBe(460);
  });

  test('that would have been given another parameter is judged with it throughout', async () => {
    const recorded = await worked();
    const { tally } = await compared(recorded, machine, (plan) => {
      const param = present(plan.flows[0], 'a flow').flow.params.findIndex(
        ({ name }) => name === 'limit',
      );
      return { flow: 0, param, value: 60 };
    });
    expect(brief(tally.groups)[0]).toBe('3 transition unit: U3 to unit.Done | stays in unit.Busy');
    expect(termsOf(tally.first)).toEqual([
      'true: level > param.limit',
      'false: level > param.limit',
    ]);
  });

  test('whose outputs are others is told for as long as they are', async () => {
    const recorded = await worked();
    const { tally } = await compared(recorded, edited(['speed: 3', 'speed: 4']));
    expect(tally.moments.every(({ transitions }) => transitions.length === 0)).toBe(true);
    expect(tally.first?.values).toEqual([
      { kind: 'output', flow: 'machine', name: 'speed', recorded: '3', candidate: '4' },
    ]);
    expect(tally.groups).toMatchObject([{ kind: 'output', count: 3, standing_ms: 3 * 420 }]);
  });

  test('that counts otherwise goes on with its own count until it goes elsewhere', async () => {
    const recorded = await worked();
    const { tally } = await compared(recorded, edited(['ctx.count + 1', 'ctx.count + 2']));
    expect(tally.groups.map(({ kind, name, count }) => `${count} ${kind} ${name}`)).toEqual([
      '2 alarm machine.bound.count',
      '1 memory count',
      '1 memory tries',
    ]);
  });
});

describe('names that do not fit', () => {
  test('a state of another name is found by its transitions', async () => {
    const recorded = await worked();
    const { tally, notes } = await compared(
      recorded,
      edited(['      Busy:', '      Working:'], ['to: Busy}', 'to: Working}']),
    );
    expect(tally.differences).toBe(0);
    expect(notes).toEqual([
      'unit.Busy is taken to be the candidate’s unit.Working, which holds its transitions.',
    ]);
  });

  test('a state that is gone is not judged, and said', async () => {
    const recorded = await worked();
    const { tally, notes } = await compared(
      recorded,
      edited(
        [', to: Done}', ', to: Idle}'],
        [
          `      Done:
        rest: true
        do: {lamp: green}
        go:
          - {id: U5, when: part, for: 100ms, to: Idle}
          - {id: U6, unless: "!sys.restarted", to: Idle}
`,
          '',
        ],
      ),
    );
    expect(notes[0]).toContain('The candidate has no state unit.Done');
    expect(brief(tally.groups)).toContain('3 state unit: unit.Done | has no such state');
    expect(tally.groups.filter(({ kind }) => kind === 'transition')).toEqual([]);
  });

  test('a state with new states in it is still that state', async () => {
    const recorded = await worked();
    const { tally } = await compared(
      recorded,
      edited([
        '        do: {motor: true, speed: 3, lamp: green, want: true}\n',
        `        do: {motor: true, speed: 3, lamp: green, want: true}
        initial: Soft
        states:
          Soft: {go: [{id: U7, after: 100ms, to: Hard}]}
          Hard: {rest: true, do: {speed: 9}}
`,
      ]),
    );
    expect(brief(tally.groups)).toEqual(['3 output speed: one value | another']);
  });

  test('a tag that the record does not have is unknown', async () => {
    const recorded = await worked();
    const { tally, notes } = await compared(
      recorded,
      edited(
        ['  part: {type', '  air: {type: real, min: 0, max: 10, stale: 1s}\n  part: {type'],
        ['when: cmd.start && part', 'when: cmd.start && part && air > 4.0'],
      ),
    );
    expect(notes).toEqual(['air is not in the record: it is unknown throughout.']);
    expect(brief(tally.groups)).toContain(
      '3 transition unit: U2 to unit.Busy | stays in unit.Idle',
    );
    expect(termsOf(tally.first)).toEqual([
      'true: cmd.start, part',
      'unknown: cmd.start, part, air > 4.0',
    ]);
  });

  test('commands and settings that the candidate cannot take are counted', async () => {
    const recorded = new Recorded(await rigOf({ flows: { machine } }, false));
    const { rig } = recorded;
    recorded.scan({ tags: rig.rest() });
    recorded.scan({ acts: [rig.parameter('machine', 'limit', 80)] });
    recorded.scan({ command: 'machine.stop' });
    const { candidate, notes } = await compared(
      recorded,
      edited(
        ['max: 90}', 'max: 60}'],
        ['  stop: {role', '  halt: {role'],
        ['when: cmd.stop', 'when: cmd.halt'],
      ),
    );
    expect(notes).toEqual(['The candidate has no command stop: it is given to nobody.']);
    expect([...candidate.ignored]).toEqual([
      ['a setting of limit, which the candidate does not allow', 1],
      ['the command stop, which the candidate does not have', 1],
    ]);
  });
});

const term = (truth: 'true' | 'false' | 'unknown', text: string, of: Term[] = []): Term => {
  return { kind: of.length === 0 ? 'term' : 'all', truth, text, of };
};

test('terms of both sides stand in one list, alike ones in one line', () => {
  const lines = termLines({
    transition: 'U3',
    recorded: term('true', 'a, b', [term('true', 'a'), term('true', 'b')]),
    candidate: term('false', 'a, c, b', [
      term('true', 'a'),
      term('unknown', 'c'),
      term('false', 'b'),
    ]),
  });
  expect(
    lines.map(({ text, depth, recorded, candidate }) => [text, depth, recorded, candidate]),
  ).toEqual([
    ['a, b', 0, 'true', undefined],
    ['a, c, b', 0, undefined, 'false'],
    ['a', 1, 'true', 'true'],
    ['c', 1, undefined, 'unknown'],
    ['b', 1, 'true', 'false'],
  ]);
  const none = { transition: 'U3', recorded: null, candidate: term('true', 'a') };
  expect(termLines(none)).toEqual([
    { text: 'a', depth: 0, recorded: undefined, candidate: 'true' },
  ]);
});

test('the recorded states are kept for a drawing', async () => {
  const recorded = await worked();
  const { lanes } = await compared(recorded, machine);
  const unit = present(
    lanes.lanes.find(({ region }) => region === 'unit'),
    'the unit',
  );
  expect(unit.states).toEqual(['unit.Idle', 'unit.Busy', 'unit.Done']);
  expect(unit.moves.slice(0, 4).map(([time, state]) => `${time} ${unit.states[state]}`)).toEqual([
    '0 undefined',
    '20 unit.Idle',
    '40 unit.Busy',
    '460 unit.Done',
  ]);
});

test('a manifest is not changed by linking a candidate into it', async () => {
  const recorded = await worked();
  const before = JSON.stringify(recorded.rig.plan.manifest);
  await compared(
    recorded,
    edited(
      ['  part: {type', '  air: {type: bool, stale: 1s}\n  part: {type'],
      ['cmd.start && part', 'cmd.start && part && air'],
    ),
  );
  expect(JSON.stringify(recorded.rig.plan.manifest)).toBe(before);
});
