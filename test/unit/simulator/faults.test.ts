// Faults by name: what a request begins and ends, what is told as going on, and what is refused.
import { beforeEach, describe, expect, it } from 'vitest';
import { milliseconds } from '#contract/time.ts';
import { simulateVerbs } from '#controller/cli/simulate.ts';
import { helpOf } from '#controller/cli/verb.ts';
import { present } from '#contract/error.ts';
import { Agenda } from '#simulator/agenda.ts';
import { deviceFaults, Faults, type DeviceFault } from '#simulator/faults.ts';
import { plantActNames, type Plant } from '#simulator/plant/plant.ts';
import { Machine } from './machine.ts';

let agenda: Agenda;
let plant: Plant;
let made: (DeviceFault | undefined)[];
let faults: Faults;

beforeEach(() => {
  agenda = new Agenda();
  ({ plant } = new Machine());
  made = [];
  const point = { fault: (fault: DeviceFault | undefined) => void made.push(fault) };
  const points = new Map([
    ['io', point],
    ['plc', { fault: () => undefined }],
  ]);
  faults = new Faults((delay, run) => agenda.after(delay, run), plant, points);
});

const wait = (ms: number): void => {
  agenda.now += ms;
  agenda.runDue();
};

describe('a fault of a device', () => {
  it.each(deviceFaults)('%s goes on until all are cleared', (kind) => {
    expect(faults.begin({ target: 'io', kind })).toBe(`io ${kind}`);
    expect(faults.going).toEqual([`io ${kind}`]);
    faults.clear();
    expect([faults.going, made.map((fault) => fault?.kind)]).toEqual([[], [kind, undefined]]);
  });

  it('ends by itself after its time, and the one after it has its own', () => {
    faults.begin({ target: 'io', kind: 'hang', lasts: milliseconds(1000) });
    wait(900);
    faults.begin({ target: 'io', kind: 'kill' });
    wait(60_000);
    expect(faults.going).toEqual(['io kill']);
    faults.begin({ target: 'io', kind: 'stuck', lasts: milliseconds(1000) });
    wait(1000);
    expect([faults.going, made.at(-1)]).toEqual([[], undefined]);
  });

  it('is late by what was asked, or by as much as is usual', () => {
    faults.begin({ target: 'io', kind: 'slow', by: milliseconds(300) });
    faults.begin({ target: 'io', kind: 'slow' });
    faults.begin({ target: 'io', kind: 'late' });
    expect(made).toEqual([
      { kind: 'slow', by: 300 },
      { kind: 'slow', by: 80 },
      { kind: 'late', by: 3000 },
    ]);
  });

  it('of one device is cleared alone', () => {
    faults.begin({ target: 'io', kind: 'hang' });
    faults.begin({ target: 'plc', kind: 'hang' });
    faults.begin({ target: 'plant', kind: 'door-jam' });
    faults.clear('plc');
    expect(faults.going).toEqual(['io hang', 'plant door-jam']);
    faults.clear('plant');
    expect(faults.going).toEqual(['io hang']);
    expect(() => faults.clear('oi')).toThrowError(
      expect.objectContaining({ code: 'E_SIMULATOR_FAULT' }),
    );
    expect(faults.going).toEqual(['io hang']);
  });

  it('is refused where the device has it not, with those that it has', () => {
    const point = { kinds: ['hang', 'kill'] as const, fault: () => undefined };
    const few = new Faults(() => () => undefined, plant, new Map([['io', point]]));
    expect(() => few.begin({ target: 'io', kind: 'range' })).toThrowError(
      expect.objectContaining({ message: 'io has no fault range; it has hang, kill' }),
    );
    expect(few.going).toEqual([]);
  });
});

describe('the help of `rebe fault`', () => {
  it('names every kind that there is', () => {
    const verb = present(
      simulateVerbs.find(({ name }) => name === 'fault'),
      'there is a verb fault',
    );
    const words = new Set(helpOf(verb).match(/[a-z-]+/g));
    expect([...deviceFaults, ...plantActNames].filter((kind) => !words.has(kind))).toEqual([]);
  });
});

describe('what is done to the plant', () => {
  it('goes on until it is given again, and says what it did', () => {
    const jam = { target: 'plant', kind: 'door-jam' };
    expect([faults.begin(jam), faults.going]).toEqual(['the door jams', ['plant door-jam']]);
    expect([faults.begin(jam), faults.going]).toEqual(['the door is free', []]);
  });

  it('with a time is begun anew by each request, and ends after the last', () => {
    const leak = { target: 'plant', kind: 'pressure-leak', lasts: milliseconds(1000) };
    faults.begin(leak);
    wait(900);
    expect(faults.begin(leak)).toBe('the clamp leaks');
    wait(900);
    expect(faults.going).toEqual(['plant pressure-leak']);
    wait(100);
    expect(faults.going).toEqual([]);
  });

  it('ends all at once, timers too', () => {
    for (const kind of plantActNames.filter((act) => !['take-part', 'part-lost'].includes(act))) {
      faults.begin({ target: 'plant', kind, lasts: milliseconds(1000) });
    }
    expect(faults.going).toHaveLength(5);
    faults.clear();
    expect(faults.going).toEqual([]);
    plant.act('estop', true);
    wait(5000);
    expect(faults.going).toEqual(['plant estop']);
  });
});

it.each([
  {
    target: 'oi',
    kind: 'hang',
    says: 'there is no oi; there are io, plc, plant; did you mean io?',
  },
  { target: 'io', kind: 'door-jam', says: 'io has no fault door-jam; it has hang, ' },
  { target: 'plant', kind: 'hang', says: 'the plant has no hang; it has take-part, ' },
  { target: 'plant', kind: 'part-lost', says: 'part-lost: there is no part in chuck' },
])('$target $kind is refused: $says', ({ target, kind, says }) => {
  expect(() => faults.begin({ target, kind })).toThrowError(
    expect.objectContaining({ code: 'E_SIMULATOR_FAULT', message: expect.stringContaining(says) }),
  );
  expect([faults.going, made]).toEqual([[], []]);
});
