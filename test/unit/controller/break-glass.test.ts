// Break-glass is told whatever control does meanwhile, and its alarm stands until somebody else has written the review.
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broken } from '#contract/break-glass.ts';
import type { SessionBody } from '#contract/entry.ts';
import type { Permission, Principal } from '#contract/people.ts';
import { breakGlassServed } from '#controller/shell/break-glass-review.ts';
import { BreakGlass, leaveBroken, readBroken } from '#controller/break-glass.ts';
import { SystemAlarms } from '#controller/scan/alarms.ts';
import { removeFolder } from '#test/folder.ts';
import { HandClock } from './server/rig.ts';

const alarm = 'shell.break-glass';
const [one, two] = ['bg-0123456789abcdef', 'bg-fedcba9876543210'];
let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rebe-glass-'));
});
afterEach(() => removeFolder(data));

/** One run of control. */
function run() {
  const clock = new HandClock();
  const recorded: { actor: string; body: SessionBody }[] = [];
  const alarms = new SystemAlarms(() => undefined);
  const glass = new BreakGlass(clock, data, alarms);
  const session = (actor: string, body: SessionBody): number => recorded.push({ actor, body });
  return { clock, glass, alarms, recorded, recorder: { session } };
}

const broke = (id: string, text: string) =>
  ({ event: 'break-glass', about: { id }, text }) as const;
const found = (...reviewed: string[]) =>
  ({ event: 'break-glass-review', about: { reviewed }, text: 'a fuse was changed' }) as const;

const broken = (id: string, person?: string): Broken => ({
  id,
  actor: 'console:eve',
  ...(person === undefined ? {} : { person }),
  at: 1000,
  reason: 'no control',
});

describe('break-glass', () => {
  it('raises an alarm of priority 1 over starts, that an acknowledgement does not end', async () => {
    const before = run();
    before.glass.told('console:root', broke(one, 'the page is dead'));
    await before.glass.written();
    const { glass, alarms, recorded, recorder, clock } = run();
    glass.start(recorder);
    expect(alarms.standing.get(alarm)).toMatchObject({ priority: 1, state: 'unacknowledged' });
    expect(alarms.standing.get(alarm)?.text).toContain('console:root');
    expect(alarms.standing.get(alarm)?.text).toContain('the page is dead');
    expect(recorded).toEqual([]);
    alarms.acknowledge(alarm, clock.time(), 'user:sven');
    expect(alarms.standing.get(alarm)?.state).toBe('acknowledged');
    const after = run();
    after.glass.start(after.recorder);
    expect(after.alarms.standing.has(alarm)).toBe(true);
  });

  it('ends with the review of each time, and stays ended', async () => {
    const { glass, alarms } = run();
    glass.told('console:root', broke(one, 'the page is dead'));
    alarms.acknowledge(alarm, new HandClock().time(), 'user:sven');
    glass.told('console:root', broke(two, 'it is dead again'));
    expect(alarms.standing.get(alarm)).toMatchObject({ state: 'unacknowledged' });
    glass.reviewed('user:sven', found(one, 'bg-0000000000000000'));
    expect(alarms.standing.has(alarm)).toBe(true);
    glass.reviewed('user:sven', found(two));
    expect([...alarms.standing]).toEqual([]);
    await glass.written();
    expect(readdirSync(join(data, 'break-glass'))).toEqual([]);
    const after = run();
    after.glass.start(after.recorder);
    expect([...after.alarms.standing]).toEqual([]);
  });

  it('writes no file while it is told: the thread that scans waits for no disk', async () => {
    const { glass, alarms } = run();
    glass.told('console:root', broke(one, 'the page is dead'));
    expect(alarms.standing.has(alarm)).toBe(true);
    expect(readdirSync(data)).toEqual([]);
    await glass.written();
    expect(await readBroken(data)).toMatchObject([{ id: one, reason: 'the page is dead' }]);
  });

  it('that was told while control was away is recorded at its next start, once', async () => {
    const left = { id: one, actor: 'console:root', at: 1000, reason: 'no control' };
    leaveBroken(data, { ...left, person: 'ben', recorded: false });
    const first = run();
    first.glass.start(first.recorder);
    expect(first.recorded).toMatchObject([
      {
        actor: 'console:root',
        body: { event: 'break-glass', about: { id: one, person: 'ben' }, text: 'no control' },
      },
    ]);
    await first.glass.written();
    const second = run();
    second.glass.start(second.recorder);
    expect(second.recorded).toEqual([]);
    expect(second.alarms.standing.has(alarm)).toBe(true);
  });

  it('of which the file cannot be read is one all the same', async () => {
    mkdirSync(join(data, 'break-glass'));
    writeFileSync(join(data, 'break-glass', `${one}.json`), '{"actor":');
    const { glass, alarms, recorded, recorder } = run();
    glass.start(recorder);
    expect(recorded).toHaveLength(1);
    expect(alarms.standing.has(alarm)).toBe(true);
    await glass.written();
  });

  it('of a hundred times keeps as many as it says, and is told of each', async () => {
    const { glass, alarms, clock } = run();
    for (let time = 0; time < 100; time += 1) {
      alarms.acknowledge(alarm, clock.time(), 'user:sven');
      glass.told('console:root', broke(`bg-${String(time).padStart(16, '0')}`, 'again'));
      expect(alarms.standing.get(alarm)?.state).toBe('unacknowledged');
    }
    await glass.written();
    expect(await readBroken(data)).toHaveLength(32);
  });

  it('beyond as many as it keeps ends with its review all the same', async () => {
    const { glass } = run();
    const ids = Array.from({ length: 33 }, (_, time) => `bg-${String(time).padStart(16, '0')}`);
    for (const id of ids) {
      leaveBroken(data, { ...broken(id), recorded: false });
      glass.told('console:eve', broke(id, 'no control'));
    }
    for (const id of ids) glass.reviewed('user:sven', found(id));
    await glass.written();
    expect(await readBroken(data)).toEqual([]);
  });
});

describe('its review', () => {
  const kept: unknown[] = [];
  let news = 0;
  const asked = async (actor: string, body: unknown) => {
    kept.length = 0;
    news = 0;
    const records = {
      keep: async (event: unknown) => {
        kept.push(event);
        return undefined;
      },
    };
    const [, review] = breakGlassServed(records, data, () => void (news += 1));
    const permissions = new Set<Permission>(['shell.approve']);
    const principal: Principal = {
      actor,
      permissions,
      commands: new Set(),
      credential: 'c',
      proved: 0,
    };
    const guest = { principal, panel: false };
    const rest = { params: undefined, query: undefined, address: '', cookie: () => undefined };
    return review?.answer({ guest, body, ...rest } as never);
  };

  it('goes to the record by the name of a person who did not work there', async () => {
    leaveBroken(data, { ...broken(one, 'ben'), recorded: true });
    const text = 'a fuse was changed';
    expect(await asked('user:ada', { of: [one, one], found: text })).toEqual({ waiting: [] });
    expect(kept).toEqual([{ actor: 'user:ada', body: { ...found(one), text } }]);
    expect(news).toBe(1);
  });

  it.each([
    ['the person who was signed in there', 'user:ben', [one], 'E_GLASS_OWN'],
    ['the person of the operating system’s name', 'user:eve', [one], 'E_GLASS_OWN'],
    ['the console', 'console:eve', [one], 'E_GLASS_OWN'],
    ['another account of the console', 'console:root', [one], 'E_GLASS_OWN'],
    ['a program', 'token:mes', [one], 'E_GLASS_OWN'],
    ['of what does not wait', 'user:ada', [two], 'E_GLASS_NONE'],
  ])('by or %s is refused', async (_, actor, of, code) => {
    leaveBroken(data, { ...broken(one, 'ben'), recorded: true });
    await expect(asked(actor, { of, found: 'nothing of note' })).rejects.toMatchObject({ code });
    expect([kept, news]).toEqual([[], 0]);
  });
});
