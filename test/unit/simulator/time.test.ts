// The simulator's own time: the agenda of virtual time, the pace of real time, and chance from a seed.
import { describe, expect, it } from 'vitest';
import { instant, milliseconds, utcMs, type Clock } from '#contract/time.ts';
import { Agenda } from '#simulator/agenda.ts';
import { Pace } from '#simulator/pace.ts';
import { stream } from '#simulator/plant/random.ts';

describe('an agenda', () => {
  it('runs the earliest first, and of one instant in the order of asking', () => {
    const random = stream(5, 'agenda');
    const agenda = new Agenda();
    const ran: { at: number; order: number }[] = [];
    for (let order = 0; order < 2000; order += 1) {
      const at = Math.floor(random() * 50);
      agenda.after(at, () => ran.push({ at, order }));
    }
    while (agenda.next < Number.POSITIVE_INFINITY) {
      agenda.now = agenda.next;
      agenda.runDue();
    }
    const sorted = ran.toSorted((left, right) => left.at - right.at || left.order - right.order);
    expect(ran).toEqual(sorted);
    expect(ran).toHaveLength(2000);
  });

  it('runs what is asked meanwhile for the same instant', () => {
    const agenda = new Agenda();
    const ran: string[] = [];
    agenda.after(0, () => {
      ran.push('first');
      agenda.after(0, () => ran.push('second'));
    });
    agenda.runDue();
    expect(ran).toEqual(['first', 'second']);
  });
});

/** A clock that a test moves; timers run when it passes them. */
class HandClock implements Clock {
  readonly #agenda = new Agenda();
  now = () => instant(this.#agenda.now);
  time = () => utcMs(this.#agenda.now);
  after(delay: number, run: () => void): () => void {
    let cancelled = false;
    this.#agenda.after(delay, () => cancelled || run());
    return () => (cancelled = true);
  }
  /** `late`: how much after its time the process gets to a timer. */
  pass(span: number, late = 0): void {
    const until = this.#agenda.now + span;
    while (this.#agenda.next <= until) {
      this.#agenda.now = this.#agenda.next + late;
      this.#agenda.runDue();
    }
    this.#agenda.now = Math.max(until, this.#agenda.now);
  }
}

const paced = (): { clock: HandClock; pace: Pace; ticks: () => number } => {
  const clock = new HandClock();
  let count = 0;
  const pace = new Pace(clock, milliseconds(5), () => (count += 1));
  pace.start();
  return { clock, pace, ticks: () => count };
};

describe('the pace', () => {
  it('ticks once each step, however late its timers are', () => {
    const { clock, pace, ticks } = paced();
    clock.pass(1000, 3);
    expect(Math.abs(ticks() - clock.now() / 5)).toBeLessThanOrEqual(1);
    pace.stop();
  });

  it('makes up for a short delay and not for a long one', () => {
    const { clock, pace, ticks } = paced();
    clock.pass(6, 150);
    expect(ticks()).toBeGreaterThan(28);
    const before = ticks();
    clock.pass(6, 10_000);
    expect(ticks() - before).toBeLessThan(50);
    pace.stop();
  });

  it('stands when it is stopped', () => {
    const { clock, pace, ticks } = paced();
    pace.stop();
    const before = ticks();
    clock.pass(1000);
    expect(ticks()).toBe(before);
  });
});

const take = (seed: number, name: string): number[] => {
  const random = stream(seed, name);
  return Array.from({ length: 10_000 }, random);
};

describe('a stream of chance', () => {
  it('is the same from the same seed and name, and another from another', () => {
    expect(take(1, 'a')).toEqual(take(1, 'a'));
    expect(take(1, 'b')).not.toEqual(take(1, 'a'));
    expect(take(2, 'a')).not.toEqual(take(1, 'a'));
  });

  it.each([0, 1, 2, -1, 12_345])('of seed %d is spread evenly over [0, 1)', (seed) => {
    const drawn = take(seed, 'even');
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const share = drawn.filter((value) => Math.floor(value * 10) === tenth).length / 10_000;
      expect(share).toBeGreaterThan(0.08);
      expect(share).toBeLessThan(0.12);
    }
    expect(new Set(drawn).size).toBeGreaterThan(9990);
  });
});
