// What screens conclude from the feed.
import { describe, expect, test } from 'vitest';
import type { AlarmState, Candidate, Term, Why } from '#contract/wire.ts';
import {
  commandTitle,
  decisiveTerms,
  faceOf,
  flowValues,
  isAccepted,
  mainRegion,
  outerState,
  partsOf,
  phraseOf,
  sortAlarms,
  sortCandidates,
  sortLacks,
  stateTitles,
  stepsBack,
  waysBack,
} from '#hmi/feed/derive.ts';
import { hello, leaf, press, snapshot } from './messages.ts';

const all = (...of: Term[]): Term => ({ kind: 'all', truth: 'false', text: '', of });
const unless = (of: Term): Term => ({
  kind: 'not',
  truth: of.truth === 'true' ? 'false' : 'true',
  text: `unless ${of.text}`,
  of: [of],
});
const command = (name: string): Term => ({ kind: 'command', truth: 'false', text: `cmd.${name}` });
const after: Term = { kind: 'after', truth: 'false', text: 'after 5s', remaining_ms: 3000 };
const candidate = (transition: string, from: string, term: Term, region = 'unit'): Candidate => ({
  region,
  transition,
  from,
  term,
  blocking: [],
});

describe('names', () => {
  test('the face of a cell is the flow with a unit, else its first', () => {
    const plain = { ...press, name: 'lamp', regions: [{ name: 'lamp', states: [] }] };
    expect(faceOf({ ...hello(), flows: [plain, press] })?.name).toBe('press');
    expect(faceOf({ ...hello(), flows: [plain] })?.name).toBe('lamp');
    expect([mainRegion(press), mainRegion(plain)]).toEqual(['unit', 'lamp']);
  });

  test('a state is named by its title, in the language of the page, or by its last word', () => {
    expect(stateTitles(press, 'unit.Execute.Press')).toEqual(['Execute', 'Pressing']);
    expect(stateTitles(press, 'unit.Execute.Other')).toEqual(['Execute', 'Other']);
    expect(outerState('unit.Execute.Press')).toBe('unit.Execute');
  });

  test('a command without a title is named by its name', () => {
    expect(press.commands.map(commandTitle)).toEqual(['Start', 'Stop', 'Clear', 'Jog open']);
  });

  test.each([
    ['guard.shut', 'Guard shut', false],
    ['!guard.shut', 'Guard shut', true],
    ['!force', 'force', true],
    ['!(a && b)', '!(a && b)', false],
    ['force >= 3', 'force >= 3', false],
    ['!ctx.loaded', 'loaded', true],
    ['ctx.parts < param.batch', 'ctx.parts < param.batch', false],
  ])('%s reads %s', (text, said, negated) => {
    expect(phraseOf(text, (name) => (name === 'guard.shut' ? 'Guard shut' : undefined))).toEqual({
      text: said,
      negated,
    });
  });

  test('what a condition reads of the flow itself is found with its value', () => {
    const state = snapshot(1).flows['press'];
    expect(flowValues('ctx.parts < param.batch && sig.none', state)).toEqual([
      { name: 'ctx.parts', value: 3 },
      { name: 'param.batch', value: 12 },
    ]);
  });
});

const ids = (candidates: readonly Candidate[]) => candidates.map(({ transition }) => transition);

describe('what a state waits for', () => {
  const list = [
    candidate('U1', 'unit', all(command('abort'))),
    candidate('U2', 'unit', all(unless(leaf('safe', 'true')))),
    candidate('U15', 'unit.Execute', all(unless(leaf('healthy', 'true')))),
    candidate('E1', 'unit.Execute.Press', all(unless(leaf('shut', 'true')))),
    candidate('E2', 'unit.Execute.Press', all(command('go'), leaf('ready', 'true'))),
    candidate('E3', 'unit.Execute.Press', all(leaf('pressed', 'false'))),
    candidate('E4', 'unit.Execute.Press', all(after, leaf('!retry', 'true'))),
  ];

  test('conditions of its own come first, then commands; time and watches stand apart', () => {
    const { next, deadlines, watches } = sortCandidates(list, 'unit.Execute.Press');
    expect([ids(next), ids(deadlines), ids(watches)]).toEqual([
      ['E3', 'E2'],
      ['E4'],
      ['U2', 'U15', 'E1'],
    ]);
  });

  test('conditions are said before the command that follows them', () => {
    expect(sortLacks(['cmd.clear', 'guard.shut'])).toEqual(['guard.shut', 'cmd.clear']);
  });
});

describe('what stopped it', () => {
  test('of `unless` the terms that failed, unknown ones too', () => {
    const safe = { ...all(leaf('estop', 'true'), leaf('gate', 'false')), text: 'safe' };
    expect(decisiveTerms(all(unless(safe))).map(({ text }) => text)).toEqual(['gate']);
    const blind = { ...all(leaf('estop', 'unknown'), leaf('gate', 'true')), text: 'safe' };
    expect(decisiveTerms(all(unless(blind))).map(({ text }) => text)).toEqual(['estop']);
  });

  test('of `when` all that held, of alternatives the one that did', () => {
    const any: Term = {
      kind: 'any',
      truth: 'true',
      text: 'a || b',
      of: [leaf('a', 'false'), leaf('b', 'true')],
    };
    expect(decisiveTerms(all(leaf('x', 'true'), any)).map(({ text }) => text)).toEqual(['x', 'b']);
  });
});

const why = (candidates: Candidate[], ...commands: Why['commands']): Why => ({
  type: 'why',
  flow: 'press',
  frame: 1,
  candidates,
  commands,
});

describe('commands', () => {
  test.each([
    ['ready', [], true],
    ['a value', ['guard.shut'], true],
    ['another state', ["active('unit.Idle')"], false],
    ['not to be in a state', ["!active('unit.Idle')"], false],
  ])('a command that lacks %s (%j) is accepted: %s', (_, lacks, yes) => {
    const state = { name: 'start', ready: lacks.length === 0, lacks };
    expect(isAccepted(state, [])).toBe(yes);
  });

  test('a command that only mends what is not broken is none that the state accepts', () => {
    const healthy = { ...all(leaf('!alarm', 'true')), truth: 'true', text: 'healthy' } as const;
    const not: Term = { kind: 'not', truth: 'false', text: '!healthy', of: [healthy] };
    const candidates = [candidate('U31', 'unit.Idle', all(command('clear'), not))];
    const clear = { name: 'clear', ready: false, lacks: ['alarm'] };
    expect(isAccepted(clear, candidates)).toBe(false);
    expect(waysBack(press, why(candidates, clear))).toEqual([]);
  });

  test('ways back are neither stops, nor jogs, nor commands of other regions alone', () => {
    const given = ['start', 'stop', 'clear', 'jog.open'].map((name) => ({
      name,
      ready: true,
      lacks: [],
    }));
    const candidates = [
      candidate('U1', 'unit.Idle', all(command('start'))),
      candidate('G1', 'guard.Shut', all(command('clear')), 'guard'),
    ];
    const names = waysBack(press, why(candidates, ...given)).map((way) => way.command.name);
    expect(names).toEqual(['start']);
  });
});

const backStep = (name: string | undefined, to: string, ...lacks: string[]) =>
  name === undefined ? { to, lacks } : { command: name, to, lacks };

describe('the way back', () => {
  test('is what a person does, in order; what the flow does by itself belongs to the step before it', () => {
    const own = { to: 'unit.Stopped', lacks: ['!alarm'] };
    expect(
      stepsBack([
        backStep('clear', 'unit.Clearing', 'gate'),
        own,
        backStep('start', 'unit.Execute'),
      ]),
    ).toEqual([
      { command: 'clear', lacks: ['gate'], after: [own] },
      { command: 'start', lacks: [], after: [] },
    ]);
    expect(stepsBack([own])).toEqual([{ command: undefined, lacks: [], after: [own] }]);
    expect(stepsBack([])).toEqual([]);
  });
});

const alarm = (priority: number, raised: number, state: AlarmState['state']): AlarmState => ({
  state,
  priority,
  raised,
  text: '',
});

describe('alarms and parts', () => {
  test('what waits for an answer stands above what does not, then priority, then the newest', () => {
    const sorted = sortAlarms({
      a: alarm(1, 1, 'acknowledged'),
      b: alarm(3, 2, 'unacknowledged'),
      c: alarm(2, 3, 'returned'),
      d: alarm(3, 4, 'unacknowledged'),
      e: null,
    });
    expect(sorted.map(({ id }) => id)).toEqual(['d', 'b', 'c', 'a']);
  });

  test('parts are counted where the flow counts them', () => {
    const state = snapshot(1).flows['press'];
    expect(partsOf(state)).toEqual({ parts: 3, batch: 12 });
    expect(state && partsOf({ ...state, parameters: {} })).toEqual({ parts: 3 });
    expect(state && partsOf({ ...state, ctx: {} })).toBeUndefined();
  });
});
