// What somebody may is judged again after each wait: a role that is taken away, a lock, an end that came while something was
// recorded. Nothing heard of it yet: it is looked at.
import { describe, expect, it } from 'vitest';
import type { Permission } from '#contract/people.ts';
import { seatLimit } from '#controller/shell/seats.ts';
import { openLimitEach } from '#controller/shell/sessions.ts';
import { bytes, codeOf, dora, emil, otto, settle, Shells, sven } from './rig.ts';

const nothing = { permissions: new Set<Permission>(['view']), roles: [] };

/** A disk that waits until it is told to go on. */
function slowDisk(shells: Shells): () => void {
  const waiting: (() => void)[] = [];
  const written = new Promise<void>((done) => void waiting.push(done));
  shells.machine.disk = () => written;
  return () => {
    for (const done of waiting) done();
  };
}

describe('what is typed', () => {
  it('goes nowhere when its driver may no more while it is recorded', async () => {
    await using shells = new Shells();
    const { driver } = await shells.running();
    const go = slowDisk(shells);
    const typed = codeOf(() => driver.type(bytes('rm\r'), false));
    await settle();
    shells.standings.set('user:dora', nothing);
    go();
    expect(await typed).toBe('E_SHELL_PART');
    expect(await codeOf(() => driver.type(bytes('rm\r'), false))).toBe('E_SHELL_PART');
    expect(shells.machine.typed).toBe('');
  });

  it('goes nowhere when the keyboard is handed over while it is recorded', async () => {
    await using shells = new Shells();
    const { id, driver } = await shells.running();
    await shells.sit(emil, id, 'peer');
    const go = slowDisk(shells);
    const typed = codeOf(() => driver.type(bytes('rm\r'), false));
    await settle();
    await shells.sessions.handOver(dora, id, 'user:emil');
    go();
    expect(await typed).toBe('E_SHELL_INPUT');
    expect(shells.machine.typed).toBe('');
  });

  it('is refused in a flood of pieces without a byte or with one, long before it is many bytes', async () => {
    await using shells = new Shells();
    const { driver } = await shells.running();
    const go = slowDisk(shells);
    const codes = new Map<string | undefined, number>();
    const typed = Array.from({ length: 3000 }, async () => {
      const code = await codeOf(() => driver.type(bytes('k'), false));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    });
    await settle();
    expect([...codes]).toEqual([['E_SHELL_INPUT', 1976]]);
    go();
    await Promise.all(typed);
    expect(shells.machine.typed).toHaveLength(1024);
    await driver.type(bytes(''), false);
    expect(shells.machine.typed).toHaveLength(1024);
  });
});

describe('a hand-over', () => {
  type Change = (shells: Shells) => unknown;
  it.each<[string, Change, string]>([
    ['the peer may no more', (to) => to.standings.set('user:emil', nothing), 'E_SHELL_PART'],
    ['the driver may no more', (to) => to.standings.set('user:dora', nothing), 'E_SHELL_STATE'],
    [
      'the peer is locked out',
      (to) =>
        void to.sessions.locks.add('user:sven', { kind: 'user', target: 'emil', message: 'no' }),
      'E_SHELL_LOCKED',
    ],
    ['the peer leaves', (to) => to.seatOf('user:emil').leave(), 'E_SHELL_PART'],
    [
      'it is ended',
      (to) => to.sessions.say(sven, to.sessions.list(false)[0]?.id ?? '', 'kill'),
      'E_SHELL_STATE',
    ],
  ])('while it is recorded %s: it does not happen, and that is told', async (_, change, code) => {
    await using shells = new Shells();
    const { id } = await shells.running();
    const peer = await shells.sit(emil, id, 'peer');
    shells.lag = 500;
    const handed = codeOf(() => shells.sessions.handOver(dora, id, 'user:emil'));
    await settle();
    change(shells);
    await shells.run(2500);
    expect(await handed).toBe(code);
    expect(peer.part).toBe('peer');
    expect(await codeOf(() => peer.type(bytes('x'), false))).toBe('E_SHELL_PART');
    const told = shells.record.map(({ body }) => body);
    expect(told).toContainEqual(
      expect.objectContaining({
        event: 'shell-fault',
        about: { step: 'hand-over', code, to: 'user:emil' },
      }),
    );
  });
});

describe('of many who come at once', () => {
  it('no more sit down than there are seats, and who does not has left', async () => {
    await using shells = new Shells();
    const { id } = await shells.running();
    shells.lag = 500;
    const more = Array.from({ length: seatLimit + 4 }, (_, at) => ({
      ...otto,
      actor: `user:otto${at}`,
    }));
    for (const { actor, permissions } of more)
      shells.standings.set(actor, { permissions, roles: [] });
    const sat = more.map(async (who) => codeOf(() => shells.sit(who, id, 'observer')));
    await shells.run(3000);
    const codes = await Promise.all(sat);
    expect(codes.filter((code) => code === 'E_SHELL_FULL')).toHaveLength(5);
    expect(shells.view(id).participants).toHaveLength(seatLimit);
    const left = shells.record.filter(({ body }) => body.event === 'shell-left');
    expect(left).toHaveLength(5);
  });

  it('nobody has more shells than they may', async () => {
    await using shells = new Shells();
    const asked = Array.from({ length: 6 }, async () => codeOf(() => shells.ask()));
    const codes = await Promise.all(asked);
    expect(codes.filter((code) => code === undefined)).toHaveLength(openLimitEach);
    expect(codes.filter((code) => code === 'E_SHELL_FULL')).toHaveLength(6 - openLimitEach);
  });
});
