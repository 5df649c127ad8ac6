// language.md section 2: states and transitions, what they may say and what not.
import { describe, expect, test } from 'vitest';
import type { Flow } from '#flows/program.ts';
import { formatExpr } from '#flows/language/format.ts';
import type { Refusal } from './sources.ts';
import { cleanFlow, refusal, told, flowText, withMore, withTransition } from './sources.ts';

const withState = (fields: string): string =>
  flowText().replace('        rest: true\n        do: {want: true}', fields.trimEnd());

/** Regions to try targets in; `$T` is a transition of `Inner.Two`, `$R` one of the region itself. */
const nested = (inTwo: string, inRegion = ''): string =>
  flowText({
    regions: `
  main:
    initial: A
    go:
      - {id: R0, when: "cmd.press && cmd.hand", to: A}
      ${inRegion === '' ? '' : `- {id: R1, when: both, ${inRegion}}`}
    states:
      A:
        rest: true
        go:
          - {id: T1, when: a, to: Inner}
      Inner:
        initial: One
        go:
          - {id: T2, unless: both, to: A}
        states:
          One:
            rest: true
            go:
              - {id: T3, when: b, to: Two}
          Two:
            initial: Deep
            go:
              - {id: T4, when: "b && n > 1", ${inTwo}}
            states:
              Deep: {rest: true}
  other:
    initial: Side
    states:
      Side: {rest: true, do: {want: true}}`,
  });

const refusals: readonly Refusal[] = [
  [
    'a leaf that neither rests nor has an after',
    withState('        do: {want: true}').replace('      B:', '      «B»:'),
    'CF0304',
    'after',
  ],
  [
    'rest on a state with states',
    nested('to: One').replace('initial: Deep', 'initial: Deep\n            «rest»: true'),
    'CF0103',
  ],
  [
    'a transition without a condition',
    withTransition('to: B').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0305',
  ],
  [
    'a transition that does nothing',
    withTransition('when: rise(a)').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0311',
  ],
  [
    'a transition that is no map',
    flowText().replace('- {id: T2, when: both, to: B}', '- «T2»'),
    'CF0103',
  ],
  [
    'a state that is empty',
    withState('').replace(
      '      B:\n\n        go:\n          - {id: T3, unless: both, to: A}',
      '      B:«»',
    ),
    'CF0103',
  ],
  [
    'a go that is no list',
    withState('        rest: false').replace(/- (\{id: T3.*\})/, '«x: $1»'),
    'CF0103',
  ],
  [
    'a transition without id',
    flowText().replace('{id: T2, when: both, to: B}', '«{when: both, to: B}»'),
    'CF0102',
  ],
  // targets
  ['a target that does not exist', withTransition('when: b, to: «C»'), 'CF0301'],
  ['a target that is spelled otherwise', nested('to: «Onee»'), 'CF0301', 'One'],
  ['a target of an outer level by its bare name', nested('to: «A»'), 'CF0301', 'main.A'],
  ['a target in another region', nested('to: «other.Side»'), 'CF0302'],
  ['a region as target', nested('to: «main»'), 'CF0302'],
  ['another region as target', nested('to: «other»'), 'CF0302'],
  ['a list as a target', withTransition('when: b, to: «[B]»'), 'CF0103'],
  ['a why in no language', withTransition('when: b, to: B, why: {«because-of-this»: x}'), 'CF0101'],
  // stays
  [
    'a stay on a level',
    withTransition('when: b && n > 1, set: {ready: true}').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0306',
    'rise',
  ],
  [
    'a stay on a held command',
    withTransition('when: cmd.hand, set: {ready: true}').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0306',
  ],
  [
    'a stay on an unless',
    withTransition('unless: rise(a), set: {ready: true}').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0306',
  ],
  [
    'a stay on an edge in a disjunction',
    withTransition('when: rise(a) || b, set: {ready: true}').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0306',
  ],
  [
    'a stay with after',
    withTransition('when: rise(a), after: 5s, set: {ready: true}').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0306',
  ],
  [
    'a stay with for',
    withTransition('when: rise(a), for: 5s, set: {ready: true}').replace(/\{id: X1.*\}/, '«$&»'),
    'CF0306',
  ],
  // after, except
  ["after in a region's own go", nested('to: One', '«after»: 5s, to: A'), 'CF0307'],
  ['an after without unit', withTransition('after: «5», to: B'), 'CF0103'],
  ['except of what is no child', nested('to: One', 'except: [«One»], to: A'), 'CF0301'],
  ['except on a leaf', withTransition('when: b, except: [«A»], to: B'), 'CF0301'],
  // set, entry
  [
    'a set of an unknown variable',
    withTransition('when: b, set: {«cuont»: 1}, to: B'),
    'CF0202',
    'count',
  ],
  [
    'a set with the prefix',
    withTransition('when: b, set: {«ctx.count»: 1}, to: B'),
    'CF0202',
    'Write `count`',
  ],
  ['a set of another type', withTransition('when: b, set: {count: «true»}, to: B'), 'CF0203'],
  [
    'a set of a whole variable to a real number',
    withTransition('when: b, set: {count: «1.5»}, to: B'),
    'CF0203',
  ],
  ['a set of another unit', withTransition('when: b, set: {dose: «t»}, to: B'), 'CF0204'],
  ['a set that is never in range', withTransition('when: b, set: {count: «6»}, to: B'), 'CF0107'],
  [
    'a set that is never in range by far',
    withTransition('when: b, set: {count: «ctx.count + 7»}, to: B'),
    'CF0107',
  ],
  [
    'an entry that reads an input',
    withState('        rest: true\n        entry: {ready: «a»}'),
    'CF0207',
  ],
  [
    'an entry that reads a let of inputs',
    withState('        rest: true\n        entry: {ready: «both»}'),
    'CF0207',
  ],
  [
    'an entry that reads a state',
    withState("        rest: true\n        entry: {ready: «active('main.A')»}"),
    'CF0207',
  ],
  // do
  [
    'a do of an unknown output',
    withState('        rest: true\n        do: {«valv»: true}'),
    'CF0202',
    'valve',
  ],
  ['a do of another type', withState('        rest: true\n        do: {valve: «1»}'), 'CF0103'],
  ['a do out of range', withState('        rest: true\n        do: {speed: «101»}'), 'CF0107'],
  [
    'a do of an unknown name of an enum',
    withState('        rest: true\n        do: {job: «unlod»}'),
    'CF0103',
    'unload',
  ],
  [
    'a do of an expression',
    withState('        rest: true\n        do: {speed: «ctx.count + 1»}'),
    'CF0104',
  ],
  ['a do over an input', withState('        rest: true\n        do: {speed: «n»}'), 'CF0103'],
  // initial, names
  [
    'a region without initial',
    flowText().replace('    initial: A\n', '').replace('  main:', '  «main»:'),
    'CF0312',
  ],
  [
    'an initial that does not exist',
    flowText().replace('initial: A', 'initial: «AA»'),
    'CF0312',
    'A',
  ],
  [
    'a composite without initial',
    nested('to: One')
      .replace('        initial: One\n', '')
      .replace('      Inner:', '      «Inner»:'),
    'CF0312',
  ],
  [
    'an initial deeper than a child',
    nested('to: One').replace('initial: One', 'initial: «Deep»'),
    'CF0312',
  ],
  ['an initial of a leaf', withState('        rest: true\n        «initial»: A'), 'CF0101'],
  ['empty states', withState('        rest: true\n        states: «{}»'), 'CF0103'],
  [
    'an unknown field of a state',
    withState('        rest: true\n        «exit»: {ready: true}'),
    'CF0101',
  ],
  ['an unknown field of a transition', withTransition('when: b, «target»: B, to: B'), 'CF0101'],
  // note
  [
    'a note of what is no tag',
    withTransition('when: b, note: {part: {code: «"a b"»}}, to: B'),
    'CF0105',
  ],
  ['a note without fields', withTransition('when: b, note: {part: «code»}, to: B'), 'CF0103'],
];

function transition(flow: Flow, id: string): Flow['transitions'][number] {
  const found = flow.transitions.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
}
const path = (flow: Flow, state: number): string => flow.states[state]?.path ?? 'the region';

describe('section 2: a state', () => {
  test.each(refusals)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test('states stand parents before children, in the order of the file', () => {
    const flow = cleanFlow(nested('to: One'));
    expect(flow.states.map((state) => state.path)).toEqual([
      'main.A',
      'main.Inner',
      'main.Inner.One',
      'main.Inner.Two',
      'main.Inner.Two.Deep',
      'other.Side',
    ]);
    expect(flow.regions.map(({ initial }) => path(flow, initial))).toEqual([
      'main.A',
      'other.Side',
    ]);
    expect(flow.states.map(({ parent }) => parent)).toEqual([-1, -1, 1, 1, 3, -1]);
    expect(flow.states.map(({ initial }) => initial)).toEqual([-1, 2, -1, 4, -1, -1]);
  });

  test('a transition carries every field', () => {
    const fields =
      'when: a, unless: b, after: 5s, for: 2s, set: {count: ctx.count + 1, kind: e}, ' +
      'note: {part: {code: part.code, pressure: p}}, to: B, why: "try again"';
    const flow = cleanFlow(withTransition(fields));
    const found = transition(flow, 'X1');
    expect(found).toMatchObject({ after: 5000, for: 2000, hold: 0, why: 'try again' });
    expect(flow.holds).toEqual([flow.transitions.indexOf(found)]);
    expect(found.set.map(({ expr }) => formatExpr(flow, expr))).toEqual(['ctx.count + 1', 'e']);
    expect(found.notes[0]?.fields.map(({ name, tag }) => `${name}: ${tag}`)).toEqual([
      'code: part.code',
      'pressure: p',
    ]);
    expect(path(flow, found.to)).toBe('main.B');
  });

  test.each([
    ['a command that is not held', 'cmd.press'],
    ['a rise', 'rise(a)'],
    ['a fall in a conjunction', 'b && fall(a) && n > 2'],
    ['an edge in a let', 'pressed && b'],
  ])('a stay on %s is accepted', (_, guard) => {
    const lets = '\n  both: a && b\n  pressed: rise(a) && n > 1';
    const text = withTransition(`when: "${guard}", set: {ready: true}`);
    const used = text
      .replace(/\nlet:[^\n]*\n {2}both[^\n]*/, `\nlet:${lets}`)
      .replace('can: sig.want', 'can: "sig.want && !ctx.ready"');
    const flow = cleanFlow(
      guard.includes('pressed') ? used : withTransition(`when: "${guard}", set: {ready: true}`),
    );
    expect(transition(flow, 'X1').to).toBe(-1);
  });

  test.each([
    // To a sibling, itself, into a child, out by the region's path, to an ancestor.
    ['to: One', 'main.Inner.One', 'main.Inner'],
    ['to: Two', 'main.Inner.Two', 'main.Inner'],
    ['to: Two.Deep', 'main.Inner.Two.Deep', 'main.Inner.Two'],
    ['to: main.A', 'main.A', 'the region'],
    ['to: main.Inner', 'main.Inner', 'the region'],
    ['to: main.Inner.One', 'main.Inner.One', 'main.Inner'],
  ])('%s leads to %s and leaves no more than is below %s', (field, target, domain) => {
    const flow = cleanFlow(nested(field));
    const { to, domain: deepest } = transition(flow, 'T4');
    expect(path(flow, to)).toBe(target);
    expect(deepest < 0 ? 'the region' : path(flow, deepest)).toBe(domain);
  });

  test.each([
    ['to: A', 'main.A'],
    ['to: Inner.Two', 'main.Inner.Two'],
    ['to: main.Inner.One', 'main.Inner.One'],
  ])("a transition of a region's own go names the region's states: %s", (field, target) => {
    const flow = cleanFlow(nested('to: One', field));
    expect(path(flow, transition(flow, 'R1').to)).toBe(target);
    expect(transition(flow, 'R1').domain).toBe(-1);
    expect(transition(flow, 'R1').holder).toBe(-1);
  });

  test('a sibling wins over a region of the same name', () => {
    const text = flowText().replaceAll('to: B', 'to: main').replace('      B:', '      main:');
    const flow = cleanFlow(text);
    expect(path(flow, transition(flow, 'T1').to)).toBe('main.main');
  });

  test('except names children of the holder', () => {
    const flow = cleanFlow(nested('to: One', 'except: [A], to: A'));
    expect(transition(flow, 'R1').except.map((state) => path(flow, state))).toEqual(['main.A']);
  });

  test("for in a region's own go is accepted", () => {
    expect(told(nested('to: One', 'for: 5s, to: A'))).toBe('');
  });

  test('do gives outputs and signals literals of their type', () => {
    const body =
      '        rest: true\n        do: {valve: true, speed: 40, job: unload, want: true}';
    const flow = cleanFlow(withState(body));
    expect(flow.states[1]?.outputs).toEqual([
      { output: 0, value: 1 },
      { output: 1, value: 40 },
      { output: 2, value: 2 },
    ]);
    expect(flow.states[1]?.signals).toEqual([{ signal: 0, value: 1 }]);
  });

  test('entry reads ctx and parameters', () => {
    const body =
      '        rest: true\n        entry: {dose: param.least + ctx.dose, count: 0}\n        do: {want: true}';
    const flow = cleanFlow(withState(body));
    expect(flow.states[1]?.entry.map(({ expr }) => formatExpr(flow, expr))).toEqual([
      'param.least + ctx.dose',
      '0',
    ]);
  });

  test('a title and a why may be one text for each language', () => {
    const flow = cleanFlow(
      withTransition('when: b, to: B, why: {en: because, ko: 왜냐하면}').replace(
        '      A:\n',
        '      A:\n        title: {en: First, de-CH: Erster}\n',
      ),
    );
    expect(flow.states[0]?.title).toEqual({ en: 'First', 'de-CH': 'Erster' });
    expect(flow.states[1]?.title).toBe('B');
    expect(transition(flow, 'X1').why).toEqual({ en: 'because', ko: '왜냐하면' });
  });

  test('whole numbers divide to whole numbers, whatever they are set to', () => {
    const flow = cleanFlow(withTransition('when: b, set: {dose: 5 / 2 * param.least}, to: B'));
    const [first] = transition(flow, 'X1').set;
    const quotient = first?.expr.kind === 'binary' ? first.expr.left : undefined;
    expect(quotient?.type.kind).toBe('int');
  });

  test('noted counts as read', () => {
    const more = withMore('inputs', 'seen: {type: bool, stale: 1s}');
    const { found, wanted } = refusal(more.replace('  seen', '  «seen»'), 'CF0501');
    expect(found).toEqual(wanted);
    expect(
      told(
        more.replace(
          '{id: T2, when: both, to: B}',
          '{id: T2, when: both, note: {x: {y: seen}}, to: B}',
        ),
      ),
    ).toBe('');
  });
});
