// What a button does with a finger, an answer and time. Nothing is sent twice for one tap, and nothing without one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wasDone } from '#contract/outcome.ts';
import { idle, step } from '#hmi/feed/press.ts';
import type { Effect, Event, Kind, Phase } from '#hmi/feed/press.ts';

type Told = [at: number, type: Event['type'], more?: { id?: string; refused?: string }];

/** Feeds events; the name of each phase, with what was sent. */
function run(kind: Kind, told: readonly Told[]): string[] {
  let phase: Phase = idle;
  return told.map(([at, type, more]) => {
    const event = { at, type, id: `i${at}`, outcome: 'fired E1', ...more } as Event;
    const next = step(kind, phase, event);
    phase = next.phase;
    return next.effect === undefined ? phase.name : `${phase.name} ${next.effect}`;
  });
}

describe('a stop', () => {
  test('is sent by one tap, and again by the next, whatever became of the first', () => {
    expect(
      run('stop', [
        [0, 'press'],
        [50, 'release'],
        [50, 'tap'],
        [400, 'tap'],
        [450, 'receipt', { id: 'i400', refused: 'no' }],
        [800, 'tap'],
      ]),
    ).toEqual(['idle', 'idle', 'sent act', 'sent act', 'refused', 'sent act']);
  });

  test('takes two contacts within 250 ms for one', () => {
    expect(
      run('stop', [
        [0, 'tap'],
        [200, 'tap'],
      ]),
    ).toEqual(['sent act', 'sent']);
  });
});

describe('a start', () => {
  test('is sent once when it was held for a second', () => {
    expect(
      run('start', [
        [0, 'press'],
        [900, 'tick'],
        [1000, 'tick'],
        [1100, 'tick'],
        [1200, 'release'],
        [1200, 'tap'],
      ]),
    ).toEqual(['holding', 'holding', 'sent act', 'sent', 'sent', 'sent']);
  });

  test.each<[Event['type']]>([['release'], ['leave'], ['lost']])('is not sent after %s', (type) => {
    expect(
      run('start', [
        [0, 'press'],
        [900, type],
        [1000, 'tick'],
        [1100, 'tap'],
      ]),
    ).toEqual(['holding', 'idle', 'idle', 'idle']);
  });
});

describe('another command', () => {
  test('is sent by the second tap', () => {
    expect(
      run('confirm', [
        [0, 'tap'],
        [100, 'tap'],
        [300, 'tap'],
        [310, 'tap'],
      ]),
    ).toEqual(['asking', 'asking', 'sent act', 'sent']);
  });

  test('is forgotten when nobody confirms within five seconds', () => {
    expect(
      run('confirm', [
        [0, 'tap'],
        [4999, 'tick'],
        [5000, 'tick'],
        [5300, 'tap'],
      ]),
    ).toEqual(['asking', 'asking', 'idle', 'asking']);
  });

  test('is forgotten when the connection goes before the second tap', () => {
    expect(
      run('confirm', [
        [0, 'tap'],
        [10, 'lost'],
        [1000, 'tap'],
      ]),
    ).toEqual(['asking', 'idle', 'asking']);
  });
});

describe('a jog', () => {
  test('says at once and ten times a second that the hand is there, and that it is gone', () => {
    expect(
      run('keep', [
        [0, 'press'],
        [100, 'tick'],
        [200, 'tick'],
        [250, 'release'],
        [300, 'tick'],
        [300, 'tap'],
      ]),
    ).toEqual(['down keep', 'down keep', 'down keep', 'idle let-go', 'idle', 'idle']);
  });

  test('ends when the finger leaves, when it is refused, and says nothing into a lost connection', () => {
    expect(
      run('keep', [
        [0, 'press'],
        [90, 'leave'],
      ]),
    ).toEqual(['down keep', 'idle let-go']);
    expect(
      run('keep', [
        [0, 'press'],
        [90, 'receipt', { id: 'x', refused: 'no' }],
      ]),
    ).toEqual(['down keep', 'refused']);
    expect(
      run('keep', [
        [0, 'press'],
        [90, 'lost'],
        [100, 'release'],
      ]),
    ).toEqual(['down keep', 'idle', 'idle']);
  });
});

describe('an answer', () => {
  test('is written on the button: accepted, done, and then away', () => {
    expect(
      run('stop', [
        [0, 'tap'],
        [20, 'receipt', { id: 'i0' }],
        [60, 'done', { id: 'i0' }],
        [4059, 'tick'],
        [4060, 'tick'],
      ]),
    ).toEqual(['sent act', 'accepted', 'done', 'done', 'idle']);
  });

  test('of another act is not taken for this one', () => {
    expect(
      run('stop', [
        [0, 'tap'],
        [20, 'receipt', { id: 'other' }],
      ]),
    ).toEqual(['sent act', 'sent']);
  });

  test.each<[Told[]]>([
    [
      [
        [0, 'tap'],
        [2999, 'tick'],
        [3000, 'tick'],
      ],
    ],
    [
      [
        [0, 'tap'],
        [10, 'receipt', { id: 'i0' }],
        [6010, 'tick'],
      ],
    ],
    [
      [
        [0, 'tap'],
        [10, 'lost'],
      ],
    ],
  ])('that does not come is said: check the machine', (told) => {
    expect(run('stop', told).at(-1)).toBe('silent');
  });

  test.each([
    ['fired E9', true],
    ['done', true],
    ['ignored in unit.Held', false],
    ['expired', false],
  ])('%s was done: %s', (outcome, yes) => {
    expect(wasDone(outcome)).toBe(yes);
  });
});

test('whatever happens, an act needs a tap or a second of holding since the one before', () => {
  const types = ['press', 'release', 'leave', 'tap', 'tick', 'receipt', 'done', 'lost'] as const;
  const events = fc.array(fc.tuple(fc.nat(400), fc.constantFrom(...types)), { maxLength: 40 });
  fc.assert(
    fc.property(
      fc.constantFrom<Kind>('stop', 'tap', 'start', 'confirm', 'keep'),
      events,
      (kind, told) => {
        let phase: Phase = idle;
        let at = 1000;
        let hands = 0;
        for (const [past, type] of told) {
          at += past;
          if (type === 'tap' || type === 'press') hands += 1;
          const event = { at, type, id: `i${at}`, outcome: 'done' } as Event;
          const next: { phase: Phase; effect?: Effect } = step(kind, phase, event);
          const least = kind === 'confirm' ? 2 : 1;
          const earned = hands >= least && (type === 'tap' || type === 'tick');
          expect(next.effect !== 'act' || earned).toBe(true);
          if (next.effect === 'act') hands = 0;
          phase = next.phase;
        }
      },
    ),
    { seed: 5, numRuns: 2000 },
  );
});
