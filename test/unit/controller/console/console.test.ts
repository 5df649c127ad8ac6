// The console in station: what each line answers, to whom, and what may be completed.
import { describe, expect, test } from 'vitest';
import { make, textsAt, who } from './console-rig.ts';

describe('a line is answered', () => {
  test.each<[line: string, says: string]>([
    ['status', 'press-1  Press 1'],
    ['tags guard', 'guard.shut|true||good'],
    ['tags nothing', 'no tag has nothing in its name'],
    ['tags gaurd.shut', 'did you mean guard.shut?'],
    ['read force guard.shut', 'force|4.2|kN|good'],
    ['flows', 'parameters  batch=12'],
    ['why press', 'commands: none'],
    ['devices', 'io|modbus|127.0.0.1:502'],
    ['alarms', 'no alarms'],
    ['forces', 'nothing is forced'],
    ['sessions', 'no shell sessions'],
    ['help', 'set FLOW PARAMETER VALUE --reason TEXT|T1'],
    ['help force', 'It never opens an interlock'],
    ['status --json', '"cell":"press-1"'],
    ['read force --json', '[{"tag":"force","value":4.2,'],
  ])('%s', async (line, says) => {
    const rig = make();
    expect((await rig.ask(line)).ok).toBe(true);
    expect(await rig.text(line)).toContain(says);
  });

  test.each<[line: string, code: string, says: string]>([
    ['stauts', 'E_USAGE', 'there is no verb `stauts`; did you mean status?'],
    ['zzz', 'E_USAGE', '`help` lists them'],
    ['read', 'E_USAGE', 'it is `read TAG...`, such as `read door.opened clamp.pressure`'],
    ['status more', 'E_USAGE', 'it is `status`'],
    ['read forse', 'E_ACT_TAG', 'no tag forse; did you mean force?'],
    ['why pres', 'E_ACT_FLOW', 'no flow pres; did you mean press?'],
    ['set press bathc 3', 'E_ACT_PARAMETER', 'did you mean batch?'],
    ['command press strat', 'E_ACT_COMMAND', 'did you mean start?'],
    ['command press jog.open', 'E_ACT_VERB', 'jog.open is held down'],
    ['force force 12', 'E_USAGE', 'a force needs --for'],
    ['ack nothing', 'E_ACT_ALARM', 'no alarm nothing'],
    ['history force', 'E_HISTORY_OPEN', 'no such file'],
    ['chronicle tial', 'E_USAGE', 'did you mean tail?'],
    ['chronicle tail --count 5000', 'E_USAGE', 'from 1 to 200'],
    ['chronicle tail --text x', 'E_USAGE', '--text is of `chronicle query`'],
    ['chronicle query --kind acts', 'E_USAGE', '--kind is of boot, stop'],
    ['chronicle query --from soon', 'E_USAGE', 'soon is no time'],
    ['chronicle tail', 'E_CHRONICLE_OPEN', 'no such file'],
    ['tags "', 'E_CONSOLE_LINE', 'is not closed'],
    ['set press batch 3 --id "a b"', 'E_USAGE', '--id is letters'],
    ['set press batch 3 --approval yes', 'E_USAGE', '--approval is the id'],
  ])('%s is refused', async (line, code, says) => {
    const rig = make();
    expect(await rig.ask(line)).toMatchObject({ ok: false, code, kind: 'text' });
    expect(await rig.text(line)).toContain(says);
    const json = await rig.console.run({ line, json: true }, who());
    expect(json).toMatchObject({ ok: false, kind: 'json', value: { code } });
    expect(rig.given).toEqual([]);
  });

  test('only to whoever may: each verb asks for its own permission, and a refusal is recorded', async () => {
    const rig = make();
    const viewer = who(['view']);
    expect((await rig.ask('status', viewer)).ok).toBe(true);
    expect(await rig.ask('set press batch 3 --reason x', viewer)).toMatchObject({
      code: 'E_NOT_ALLOWED',
    });
    expect(await rig.ask('status', who([]))).toMatchObject({ code: 'E_NOT_ALLOWED' });
    expect(await rig.ask('status', { principal: null, panel: true })).toMatchObject({
      code: 'E_NOT_SIGNED_IN',
    });
    expect(await rig.ask('chronicle tail --kind session', viewer)).toMatchObject({
      code: 'E_NOT_ALLOWED',
    });
    expect(rig.refused).toEqual([
      'user:ada E_NOT_ALLOWED console: set',
      'user:ada E_NOT_ALLOWED console: status',
    ]);
    expect(rig.given).toEqual([]);
  });
});

describe('completion', () => {
  test.each<[line: string, candidates: string[]]>([
    ['st', ['status']],
    ['f', ['flows', 'forces', 'force']],
    ['read gua', ['guard.shut']],
    ['read guard.shut ', ['force', 'ram.valve', 'sys.disk.free']],
    ['why ', ['press']],
    ['command press st', ['start', 'stop']],
    ['command press jog', []],
    ['set press ', ['batch']],
    ['set press batch ', []],
    ['force ram.valve ', ['true', 'false']],
    ['force sys', []],
    ['set press batch 3 --r', ['--reason']],
    ['set press batch 3 --reason ', []],
    ['set press batch 3 --reason "a b" --', ['--dry-run', '--id', '--ask', '--approval', '--json']],
    ['--reason x set ', []],
    ['chronicle ', ['tail', 'query']],
    ['help un', ['unforce']],
    ['nothing ', []],
    ['"st', ['status']],
    ["set 'pre", ['press']],
  ])('of %s', (line, candidates) => {
    expect(textsAt(line)).toEqual(candidates);
  });

  test('looks at what stands before the caret, and replaces the word that was begun', () => {
    expect(textsAt('read gua force', who(), 8)).toEqual(['guard.shut']);
    expect(make().console.complete({ line: 'read gua', at: 8 }, who())).toMatchObject({
      from: 5,
      candidates: [{ text: 'guard.shut', about: 'true' }],
      more: false,
    });
  });

  test('offers what one may, and nothing to nobody', () => {
    expect(textsAt('f', who(['view']))).toEqual(['flows', 'forces']);
    expect(textsAt('set press ', who(['view']))).toEqual([]);
    expect(textsAt('', { principal: null, panel: true })).toEqual([]);
  });
});
