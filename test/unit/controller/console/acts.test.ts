// Acts at the console: as whom and why they are given, what a dry run says, that a key is good once, and the pace.
import { describe, expect, test } from 'vitest';
import type { ActAnswer, ActPlan } from '#contract/console.ts';
import { CellError } from '#contract/error.ts';
import { permissions } from '#contract/people.ts';
import type { Guest } from '#controller/server/routes.ts';
import { make, planOf, who } from './console-rig.ts';
import { accepted } from './spoken-station.ts';

describe('an act', () => {
  test('is given as whoever is signed in, with its reason, and shown with its entry', async () => {
    const rig = make();
    expect(await rig.text('set press batch 20 --reason "order 7"')).toBe('done (entry 11)');
    expect(rig.given).toMatchObject([
      {
        actor: 'user:ada',
        verb: 'parameter',
        args: { flow: 'press', name: 'batch', value: 20, reason: 'order 7' },
      },
    ]);
  });

  test.each([
    ['set press batch 20', 'E_ACT_REASON'],
    ['set press batch 20 --reason "  "', 'E_ACT_REASON'],
    ['resume press', 'E_ACT_REASON'],
    ['command press start', 'E_ACT_REASON'],
    ['force ram.valve true --for 1min --reason x', 'E_ACT_WHERE'],
  ])('%s is refused with %s, and recorded', async (line, code) => {
    const rig = make();
    expect(await rig.ask(line)).toMatchObject({ ok: false, code });
    expect(rig.given).toEqual([]);
    expect(rig.refused).toHaveLength(1);
  });

  test('that stops needs no reason', async () => {
    const rig = make();
    expect((await rig.ask('command press stop')).ok).toBe(true);
    expect(rig.given).toHaveLength(1);
  });

  test('of a role that is not held is refused', async () => {
    const rig = make();
    const clear = await rig.ask('command press jog.open --reason x');
    expect(clear).toMatchObject({ code: 'E_ACT_VERB' });
    const few: Guest = who(['view', 'command']);
    expect((await rig.ask('command press clear --reason x', few)).ok).toBe(true);
    const none = {
      ...few,
      principal: few.principal && { ...few.principal, commands: new Set(['anyone'] as const) },
    };
    expect(await rig.ask('command press clear --reason x', none)).toMatchObject({
      code: 'E_NOT_ALLOWED',
    });
  });

  test('that was ignored or refused by control is no success', async () => {
    const ignored = make({
      give: async (act) => ({
        receipt: accepted(act).receipt,
        done: { type: 'done', id: act.id, seq: 12, outcome: 'ignored in unit.Idle' },
      }),
    });
    expect(await ignored.ask('command press clear --reason x')).toMatchObject({
      ok: false,
      code: 'E_ACT_IGNORED',
      text: 'ignored in unit.Idle (entry 12)',
    });
    const refused = make({
      give: async ({ id }) => ({
        receipt: { type: 'receipt', id, result: 'refused', code: 'E_ACT_STEP', reason: 'too far' },
        done: undefined,
      }),
    });
    expect(await refused.ask('set press batch 90 --reason x')).toMatchObject({
      ok: false,
      code: 'E_ACT_STEP',
      text: 'refused: too far',
    });
  });

  test('needs another person where the rules say so, bound to verb and arguments', async () => {
    const rig = make({ mode: 'mode.Manual' });
    const line = 'force ram.valve true --for 20min --reason "valve check"';
    expect(await rig.ask(line)).toMatchObject({ ok: false, code: 'E_ACT_APPROVAL' });
    expect(await rig.text(`${line} --ask`)).toContain(
      'ap-0123456789abcdef waits for the yes of 1 other',
    );
    expect((await rig.ask(`${line} --approval ap-0123456789abcdef`)).ok).toBe(true);
    expect(rig.yes).toEqual([
      'ap-0123456789abcdef {"verb":"force","args":{"tag":"ram.valve","value":true,"for_ms":1200000,"reason":"valve check"}}',
    ]);
    expect(rig.given).toMatchObject([{ verb: 'force', approval: 'ap-0123456789abcdef' }]);
    expect((await rig.ask(line.replace('20min', '10min'))).ok).toBe(true);
    expect(await rig.ask('unforce ram.valve --ask')).toMatchObject({ code: 'E_USAGE' });
  });

  test('whose approval is not good is not given', async () => {
    const rig = make({ mode: 'mode.Manual', code: 'E_APPROVAL_USED' });
    const line = 'force ram.valve true --for 20min --reason x --approval ap-0123456789abcdef';
    expect(await rig.ask(line)).toMatchObject({ ok: false, code: 'E_APPROVAL_USED' });
    // Neither where none is needed: the record names no approval that was not judged.
    const short = line.replace('20min', '1min');
    expect(await rig.ask(short)).toMatchObject({ ok: false, code: 'E_APPROVAL_USED' });
    expect(rig.given).toEqual([]);
  });
});

describe('a dry run', () => {
  test.each<[line: string, changes: ActPlan['changes'], holds: string[]]>([
    ['set press batch 20 --reason x', [{ what: 'press batch', from: 12, to: 20 }], []],
    ['set press batch 12 --reason x', [], []],
    [
      'set press batch 1000',
      [{ what: 'press batch', from: 12, to: 1000 }],
      ['E_ACT_REASON', 'E_ACT_VALUE'],
    ],
    ['force force 3 --for 1min --reason x', [{ what: 'force', from: 4.2, to: 3 }], []],
    [
      'force force 30 --for 9h --reason x',
      [{ what: 'force', from: 4.2, to: 30 }],
      ['E_ACT_VALUE', 'E_ACT_FORCE'],
    ],
    [
      'force ram.valve true --for 1min --reason x',
      [{ what: 'ram.valve', from: false, to: true }],
      ['E_ACT_WHERE'],
    ],
    [
      'force sys.disk.free 3 --for 1min --reason x',
      [{ what: 'sys.disk.free', from: null, to: 3 }],
      ['E_ACT_TAG'],
    ],
    ['unforce force', [], ['E_ACT_TAG']],
    ['resume press --reason x', [], ['E_FLOW_RUNNING']],
    ['command press start --reason x', [], ['E_ACT_COMMAND']],
  ])('of %s', async (line, changes, holds) => {
    const rig = make();
    const made = await planOf(rig, line);
    expect(made.changes).toEqual(changes);
    expect(made.holds.map(({ code }) => code)).toEqual(holds);
    expect(rig.given).toEqual([]);
    expect(rig.yes).toEqual([]);
  });

  test('of a command says which transition would fire, from where to where', async () => {
    const term = { kind: 'all', truth: 'false', text: 'cmd.start' } as const;
    const candidates = [
      {
        region: 'unit',
        transition: 'P1',
        from: 'unit.Idle',
        to: 'unit.Execute',
        term,
        blocking: ['cmd.start'],
      },
      {
        region: 'unit',
        transition: 'P2',
        from: 'unit',
        to: 'unit.Held',
        term,
        blocking: ['cmd.start'],
      },
    ];
    const ready = make({
      why: { candidates, commands: [{ name: 'start', ready: true, lacks: [] }] },
    });
    expect((await planOf(ready, 'command press start --reason x')).changes).toEqual([
      { what: 'press.unit (P1)', from: 'unit.Idle', to: 'unit.Execute' },
    ]);
    const lacking = make({
      why: { candidates, commands: [{ name: 'start', ready: false, lacks: ['guard.shut'] }] },
    });
    expect(await planOf(lacking, 'command press start --reason x')).toMatchObject({
      changes: [],
      holds: [{ code: 'E_ACT_COMMAND', text: 'start lacks guard.shut' }],
    });
  });

  test('says how many others must say yes, and that control is not there', async () => {
    const rig = make({ mode: 'mode.Manual', up: false });
    const line = 'force ram.valve true --for 20min --reason x';
    expect(await planOf(rig, line)).toMatchObject({
      approvals: 1,
      holds: [{ code: 'E_CELL_NOT_RUNNING' }],
    });
    const text = await rig.text(`${line} --dry-run`);
    expect(text).toContain('1 other must say yes: an output is forced for more than 10 min');
    expect(text).toContain('dry run: nothing was done');
  });
});

describe('a key', () => {
  const line = 'set press batch 20 --reason x --id order-7';

  test('is good once: a repeat gets the first answer, another act is refused', async () => {
    let seq = 20;
    const rig = make({
      give: async (act) => {
        seq += 1;
        return { receipt: accepted(act).receipt, done: { ...accepted(act).done, seq } };
      },
    });
    const [first, meanwhile] = await Promise.all([rig.text(line), rig.text(line)]);
    expect(first).toBe('done (entry 21)');
    expect(meanwhile).toBe(first);
    expect(await rig.text(line)).toBe(first);
    expect(rig.given).toHaveLength(1);
    expect(await rig.ask(line.replace('20', '21'))).toMatchObject({ code: 'E_ACT_KEY' });
    // Another person has keys of their own.
    expect(await rig.text(line, who(permissions, 'user:bob'))).toBe('done (entry 22)');
    expect(new Set(rig.given.map(({ id }) => id)).size).toBe(2);
    rig.clock.advance(3_600_001);
    expect(await rig.text(line)).toBe('done (entry 23)');
  });

  test('of an act that was refused before it was sent is still good', async () => {
    const rig = make();
    const early = 'set press batch 20 --id order-8';
    expect(await rig.ask(early)).toMatchObject({ code: 'E_ACT_REASON' });
    expect(await rig.ask(`${early} --reason x`)).toMatchObject({ ok: true });
    expect(rig.given).toHaveLength(1);
  });

  test('of an act that was not answered is sent again under the same id, for as long as control knows it', async () => {
    let there = false;
    const rig = make({
      mode: 'mode.Manual',
      give: async (act) => {
        if (!there) throw new CellError('E_CELL_NOT_RUNNING', 'gone');
        return accepted(act);
      },
    });
    const forced =
      'force ram.valve true --for 20min --reason x --id f1 --approval ap-0123456789abcdef';
    expect(await rig.ask(forced)).toMatchObject({ code: 'E_CELL_NOT_RUNNING' });
    there = true;
    expect((await rig.ask(forced)).ok).toBe(true);
    expect(rig.given[0]?.id).toBe(rig.given[1]?.id);
    // The other person's yes was used once.
    expect(rig.yes).toHaveLength(1);
    there = false;
    expect(await rig.ask(line)).toMatchObject({ code: 'E_CELL_NOT_RUNNING' });
    there = true;
    rig.clock.advance(55_000);
    expect(await rig.ask(line)).toMatchObject({ code: 'E_ACT_UNKNOWN' });
  });
});

describe('the desk', () => {
  const act = { verb: 'command', args: { flow: 'press', name: 'stop' } } as const;

  test('lets anybody at the panel stop, at any pace, and nobody elsewhere', async () => {
    const rig = make();
    const panel: Guest = { principal: null, panel: true };
    const answers: ActAnswer[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      answers.push(await rig.desk.give(panel, act));
    }
    expect(answers.every(({ receipt }) => receipt.result === 'accepted')).toBe(true);
    expect(rig.given.every(({ actor }) => actor === 'console:panel')).toBe(true);
    expect(rig.desk.isStop(act)).toBe(true);
    expect(await rig.desk.give({ principal: null, panel: false }, act)).toMatchObject({
      receipt: { result: 'refused', code: 'E_NOT_SIGNED_IN' },
    });
  });

  test('keeps the pace of each guest, and what one has too much of costs the others nothing', async () => {
    const rig = make();
    const many = { verb: 'acknowledge', args: { alarm: 'a' } } as const;
    const codes: (string | undefined)[] = [];
    for (let turn = 0; turn < 25; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      codes.push((await rig.desk.give(who(), many)).receipt.code);
    }
    expect(codes.filter((code) => code === 'E_ACT_RATE')).toHaveLength(5);
    const other = await rig.desk.give(who(permissions, 'user:bob'), many);
    expect(other.receipt.result).toBe('accepted');
  });
});
