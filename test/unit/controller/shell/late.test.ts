// What a session asks of its jail and its recording may hang: a kill is not held up by it, and the session ends all the same,
// says so, and holds nobody's place. And what is late does no harm when it comes.
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { replaySessions } from '#controller/replay/replay-sessions.ts';
import { killWait, stepLimits } from '#controller/shell/works.ts';
import { chronicleOf, dora, settle, Shells, snapshotOf, sven } from './rig.ts';

/** What the chronicle says went wrong with a session's steps. */
const faultsOf = ({ record }: Shells): string[] =>
  record.flatMap(({ body }) => {
    if (body.event !== 'shell-fault') return [];
    const { step, code } = z.object({ step: z.string(), code: z.string() }).parse(body.about);
    return [`${step} ${code}`];
  });
const away = snapshotOf('Automatic', 'Stopped');

describe('a kill', () => {
  it.each(['freeze', 'thaw', 'start'] as const)('waits for no %s that hangs', async (what) => {
    await using shells = new Shells();
    shells.machine.hangs.add(what);
    const { id } = await shells.running();
    if (what === 'freeze') {
      shells.sight = { ...shells.sight, snapshot: away };
      shells.sessions.heard();
    }
    if (what === 'thaw') {
      shells.sessions.say(sven, id, 'pause');
      await settle();
      shells.sessions.say(sven, id, 'resume');
    }
    await settle();
    expect(shells.machine.happened.at(-1)).toMatch(/kept|launch|freeze|thaw/);
    shells.sessions.say(sven, id, 'kill');
    await settle();
    // Not a moment of time has passed.
    expect(shells.machine.happened).toContain('kill');
    expect(shells.machine.running).toBe(false);
    expect(shells.view(id).state).toBe('Killed');
  });

  it('waits for a chronicle that is slow a moment, and goes on without it', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.lag = 2500;
    shells.sessions.say(sven, id, 'kill');
    await settle();
    expect(shells.machine.frozen).toBe(true);
    expect(shells.machine.running).toBe(true);
    shells.clock.advance(killWait);
    await settle();
    expect(shells.machine.running).toBe(false);
    await shells.run(20_000);
    const found = await replaySessions(chronicleOf(shells.record), { shadowed: false });
    expect(found).toMatchObject([{ state: 'Killed', difference: undefined }]);
  });

  it('that hangs is tried again, and is told once', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.machine.hangs.add('kill');
    shells.sessions.say(sven, id, 'kill');
    await shells.run(3 * stepLimits.kill);
    const tries = shells.machine.happened.filter((what) => what === 'kill');
    expect(tries.length).toBeGreaterThan(1);
    expect(shells.view(id).state).toBe('Ending');
    expect(faultsOf(shells)).toEqual(['kill E_SHELL_LATE']);
    shells.machine.hangs.clear();
    await shells.run(2 * stepLimits.kill);
    expect(shells.view(id).state).toBe('Killed');
  });
});

describe('a session', () => {
  it.each([
    ['recording', 'end of the recording'],
    ['jail', 'end of the jail'],
  ] as const)('whose %s does not come to its end is over all the same', async (what, step) => {
    await using shells = new Shells();
    shells.machine.hangs.add(what);
    const { id } = await shells.running();
    shells.sessions.say(dora, id, 'end');
    await settle();
    expect(shells.view(id).state).toBe('Ended');
    expect(shells.sessions.find(id)).toBeDefined();
    await shells.run(stepLimits[step] + 1000);
    expect(shells.sessions.find(id)).toBeUndefined();
    expect(faultsOf(shells)).toEqual([`${step} E_SHELL_LATE`]);
    expect(shells.log.join()).toContain('E_SHELL_LATE');
    // Its place is somebody else's.
    shells.machine.comeLate();
    expect(await shells.ask()).toBeDefined();
    expect(await shells.ask()).toBeDefined();
  });

  it.each(['prepare', 'record'] as const)(
    'whose %s hangs ends, and what comes late is put away',
    async (what) => {
      await using shells = new Shells();
      shells.machine.hangs.add(what);
      const { id } = await shells.running();
      expect(shells.view(id).state).toBe('Waiting');
      await shells.run(stepLimits[what] + 1000);
      expect(shells.view(id)).toMatchObject({ state: 'Ended' });
      expect(shells.view(id).why).toContain('it cannot be opened');
      expect(shells.sessions.find(id)).toBeUndefined();
      shells.machine.comeLate();
      await settle();
      const end = what === 'prepare' ? 'jail closed' : 'recorded';
      expect(shells.machine.happened.at(-1)).toBe(end);
      expect(shells.machine.happened).not.toContain('launch');
    },
  );

  it('that cannot be frozen in time is killed', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.machine.hangs.add('freeze');
    shells.sessions.say(sven, id, 'pause');
    await shells.run(stepLimits.freeze + 250);
    expect(shells.view(id)).toMatchObject({ state: 'Killed' });
    expect(shells.view(id).why).toContain('it cannot be frozen');
  });
});

describe('the size of a terminal', () => {
  it('is set at a pace, and the last one holds', async () => {
    await using shells = new Shells();
    const { driver } = await shells.running();
    for (let cols = 2; cols <= 500; cols += 1) driver.resize({ cols, rows: 24 });
    expect(shells.machine.sizes).toEqual(['2x24']);
    await shells.run(1000);
    expect(shells.machine.sizes).toEqual(['2x24', '500x24']);
    expect(shells.machine.marks.filter((kind) => kind === 'resize')).toHaveLength(2);
    driver.resize({ cols: 500, rows: 24 });
    await shells.run(1000);
    expect(shells.machine.sizes).toHaveLength(2);
    for (let second = 0; second < 100; second += 1) {
      for (let each = 0; each < 20; each += 1) driver.resize({ cols: 80 + each, rows: 24 });
      shells.clock.advance(10);
    }
    expect(shells.machine.sizes.length).toBeLessThan(15);
    await shells.run(500);
    expect(shells.machine.sizes.at(-1)).toBe('99x24');
  });
});
