// What the screens of maintenance conclude by themselves: what somebody asks for in words, which lines are shown first,
// what a paste is, how a recording is gone through, and how a shell's connection comes back.
import { describe, expect, test } from 'vitest';
import type { FlowInfo } from '#contract/described.ts';
import type { PlayedEvent } from '#contract/recording-routes.ts';
import { decodeFromViewer, encodeFrame } from '#contract/shell-frames.ts';
import type { FromStation, FromViewer } from '#contract/shell-frames.ts';
import type { SessionView } from '#contract/shell.ts';
import { codes } from '#contract/error.ts';
import { refusalText, ruleText } from '#hmi/i18n/refusals.ts';
import { changesOf, eventsOf, queryOf } from '#hmi/people/event-rows.ts';
import { needsOf } from '#contract/act-rules.ts';
import type { ShownCell } from '#contract/act-rules.ts';
import { shellEn } from '#hmi/i18n/shell-en.ts';
import { learn, speak } from '#hmi/i18n/text.ts';
import { workDe } from '#hmi/i18n/work-de.ts';
import { workEn } from '#hmi/i18n/work-en.ts';
import { nameOf } from '#hmi/parts/names.ts';
import { happenedIn } from '#hmi/playback/happened.ts';
import { Player } from '#hmi/playback/player.ts';
import type { Page } from '#hmi/playback/player.ts';
import { ShellConnection } from '#hmi/shell/connection.ts';
import type { ShellWireEvents } from '#hmi/shell/connection.ts';
import { argvOf, askedOf, isForce, rowsOf } from '#hmi/work/asked.ts';
import { commonStart, isHazardous } from '#hmi/work/lines.ts';

learn('en', { ...workEn, ...shellEn });

describe('what is asked for', () => {
  test.each([
    [{ kind: 'shell', what: { tier: 'T2', for_ms: 60_000 } }, 'A shell of tier T2 for 1 min 00 s'],
    [{ kind: 'shell', what: {} }, 'A shell of tier ? for as long as is allowed'],
    [
      {
        kind: 'act',
        what: { verb: 'force', args: { tag: 'door.open', value: true, for_ms: 5000, reason: 'x' } },
      },
      'Force door.open to yes for 5 s',
    ],
    [{ kind: 'act', what: { verb: 'grind', args: 7 } }, 'grind'],
    [{ kind: 'agent-command', what: { argv: ['echo', "it's", 'a b'] } }, `echo 'it'\\''s' 'a b'`],
    [{ kind: 'agent-command', what: { argv: 'no list' } }, ''],
  ] as const)('%j reads %s', (asked, text) => {
    expect(askedOf(asked as Parameters<typeof askedOf>[0])).toBe(text);
  });

  test('nothing of a request is left out of its rows', () => {
    expect(
      rowsOf({ verb: 'force', args: { tag: 'a', value: null, more: { n: 1, list: [1, 'b'] } } }),
    ).toEqual([
      ['verb', 'force'],
      ['args.tag', 'a'],
      ['args.value', 'null'],
      ['args.more.n', '1'],
      ['args.more.list', '[1,"b"]'],
    ]);
    expect(rowsOf({ empty: {} })).toEqual([['empty', '{}']]);
    expect(argvOf(undefined)).toBe('');
  });
});

test.each([
  ['user:ada', 'ada'],
  ['console:root', 'root'],
  ['token:reader', 'program reader'],
  ['agent:mia/fixer', 'AGENT fixer of mia'],
])('%s is called %s', (actor, name) => {
  expect(nameOf(actor)).toBe(name);
});

test('every refusal that people meet at these screens is said in German', () => {
  const own = Object.keys(codes).filter((code) =>
    /^E_(?:SIGN_IN|PIN|PROOF|PASSWORD|PERSON|SESSION_NONE|APPROVAL)/.test(code),
  );
  speak('de', []);
  const english = own.filter((code) =>
    refusalText({ code, text: 'English.' }).includes('English.'),
  );
  speak('en', []);
  expect(english).toEqual([]);
  expect(refusalText({ code: 'E_OTHER', text: 'English.' })).toBe('English. (E_OTHER)');
});

test('what a force lacks is said in German', () => {
  const cell = {
    hello: {
      flows: [{ name: 'press', regions: [{ name: 'mode', states: [{ path: 'mode.Manual' }] }] }],
      tags: [{ name: 'valve', kind: 'output', flow: 'press' }],
    },
    snapshot: { flows: {} },
  } as unknown as ShownCell;
  const needs = needsOf('force', { tag: 'valve', for_ms: 700_000 }, cell);
  const said = [...needs.lacks, ...needs.because];
  expect(said.map(ruleText)).toEqual(said);
  learn('de', { ...workDe });
  speak('de', []);
  const german = said.map(ruleText);
  speak('en', []);
  expect(german).toEqual([
    'ein Ausgang wird nur von Hand gezwungen: press ist nicht in mode.Manual',
    'ein Ausgang wird länger als 10 min gezwungen',
  ]);
});

describe('what people did, from the record', () => {
  test.each([
    ['', 'chronicle query --kind session --count 200 --from=-168h'],
    [' otto ', 'chronicle query --kind session --count 200 --from=-168h --text "otto"'],
    [
      'a" --kind act',
      String.raw`chronicle query --kind session --count 200 --from=-168h --text "a\" --kind act"`,
    ],
    ['\\"', String.raw`chronicle query --kind session --count 200 --from=-168h --text "\\\""`],
  ])('%j is asked for as one word', (word, line) => {
    expect(queryOf('7d', word)).toBe(line);
  });

  test('entries come newest first, with what changed; what is no entry is left out', () => {
    const body = {
      event: 'person-changed',
      text: 'user:ada changed of otto: roles',
      change: { roles: [['operator'], ['operator', 'engineer']], odd: 7 },
    };
    const told = [
      { seq: 1, at: 5, actor: 'user:ada', body: { event: 'later', more: 1 } },
      { seq: 2, at: 6, actor: 'user:ada', body },
      { seq: 'x' },
      null,
    ];
    const rows = eventsOf(told);
    expect(rows.map(({ seq, event, text }) => [seq, event, text])).toEqual([
      [2, 'person-changed', body.text],
      [1, 'later', '{"event":"later","more":1}'],
    ]);
    expect(changesOf(rows[0]?.change)).toEqual([
      { name: 'roles', from: 'operator', to: 'operator, engineer' },
    ]);
    expect([eventsOf('no'), changesOf(undefined)]).toEqual([[], []]);
  });
});

test('a force is told from another by tag, value and reason', () => {
  const what = { verb: 'force', args: { tag: 'a', value: true, reason: 'x', for_ms: 1 } };
  expect(isForce(what, { tag: 'a', value: true, reason: 'x' })).toBe(true);
  expect(isForce(what, { tag: 'a', value: false, reason: 'x' })).toBe(false);
  expect(isForce({ verb: 'unforce', args: 3 }, { tag: 'a', value: true, reason: 'x' })).toBe(false);
});

describe('lines of the console', () => {
  const flows = [
    {
      name: 'lamp',
      commands: [
        { name: 'on', class: 'start' },
        { name: 'off', class: 'stop' },
      ],
    },
  ] as unknown as readonly FlowInfo[];
  test.each([
    ['command lamp on', true],
    [' command  lamp on --reason x', true],
    ['command lamp off', false],
    ['command lamp on --dry-run', false],
    ['command nobody on', false],
    ['set lamp time 3', true],
    ['force a 1 --for 5s', true],
    ['unforce a', false],
    ['ack x', false],
    ['tags', false],
    ['', false],
  ])('%j is shown first: %s', (line, first) => {
    expect(isHazardous(line, flows)).toBe(first);
  });

  test('what all candidates begin with is taken', () => {
    expect(commonStart(['door.open', 'door.opened'])).toBe('door.open');
    expect(commonStart(['a', 'b'])).toBe('');
    expect(commonStart([])).toBe('');
  });
});

const place = { n: 0, at: 0 };
const out = (t_us: number, text: string): PlayedEvent => ({
  ...place,
  kind: 'output',
  t_us,
  data: btoa(text),
});

const playerOf = (pages: readonly Page[]) => {
  const shown: string[] = [];
  const asked: unknown[] = [];
  const player = new Player({
    page: async (query) => {
      asked.push(query);
      return pages[asked.length - 1];
    },
    write: async (bytes) => {
      shown.push(typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes));
    },
    resize: ({ cols, rows }) => void shown.push(`${cols}x${rows}`),
  });
  return { player, shown, asked };
};
const placed = (n: number): { n: number; t_us: number; at: number } => ({ n, t_us: n, at: n });
describe('a recording that is played', () => {
  const keyframe = { t_us: 500, size: { cols: 80, rows: 24 }, screen: 'before' };

  test('goes to a moment by the screen there, and on by what came then', async () => {
    const { player, shown, asked } = playerOf([
      { keyframe, events: [out(600, 'a'), out(900, 'b')], next: 7 },
      { events: [out(1200, 'c')], next: null },
    ]);
    expect(await player.seek(500)).toBe(true);
    expect(shown).toEqual(['80x24', '\u001Bcbefore']);
    player.advance(100);
    expect(shown.slice(2)).toEqual(['a']);
    await Promise.resolve();
    player.advance(700);
    expect(shown.slice(2)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([{ from: 500 }, { after: 7 }]);
  });

  test('shows the newest moment that was wanted, and no other', async () => {
    const { player, shown } = playerOf([
      { keyframe, events: [out(600, 'old')], next: null },
      { keyframe, events: [out(700, 'new')], next: null },
    ]);
    const first = player.seek(500);
    const second = player.seek(700);
    expect([await first, await second]).toEqual([false, true]);
    expect(shown).toEqual(['80x24', '\u001Bcbefore', 'new']);
  });

  test('asks for one screen at a time while a finger drags, and for the last moment of it', async () => {
    const { player, asked } = playerOf([
      { keyframe, events: [], next: null },
      { keyframe, events: [], next: null },
    ]);
    const sought = Array.from({ length: 50 }, (_, at) => player.seek(at));
    expect((await Promise.all(sought)).filter(Boolean)).toEqual([true]);
    expect(asked.length).toBeLessThanOrEqual(2);
    expect(asked.at(-1)).toEqual({ from: 49 });
  });

  test('tells what happened by time, in words: what steers a terminal is shown as signs', () => {
    const happened = happenedIn({
      marks: [
        { kind: 'state', ...placed(1), about: { state: 'Paused', why: 'the door is open' } },
        {
          kind: 'mark',
          ...placed(4),
          about: { process: { pid: 7, argv: ['echo', '\u001B]0;x\u0007'] } },
        },
        { kind: 'resize', ...placed(5), about: { cols: 80, rows: 24 } },
        { kind: 'mark', ...placed(6), about: { strange: [1] } },
      ],
      typed: [
        { kind: 'secret', ...placed(3), by: 'user:ann', auto: false, length: 8 },
        { kind: 'input', ...placed(2), by: 'user:ann', auto: false, text: 'ls\u007F\u0003\r' },
      ],
    });
    expect(happened.map(({ kind, said, more }) => [kind, said, more])).toEqual([
      ['state', 'PAUSED', 'the door is open'],
      ['typed', 'ls⌫\u2403⏎', 'ann'],
      ['unseen', '8 bytes typed unseen', 'ann'],
      ['process', 'echo \u241B]0;x\u2407', 'process 7'],
      ['other', '{"strange":[1]}', ''],
    ]);
  });
});

const whole = (part: Partial<SessionView>): SessionView => ({
  id: 'sh-0123456789abcdef',
  tier: 'T2',
  state: 'Running',
  by: 'user:mia',
  reason: 'x',
  asked: 0,
  present: false,
  lacks: [],
  participants: [],
  recorded: { bytes: 0, ok: true },
  ...part,
});
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

describe('a shell’s connection', () => {
  const view = { state: 'Running' } as SessionView;
  const rig = () => {
    const sent: FromViewer[] = [];
    const drawn: string[] = [];
    const told: string[] = [];
    const waits: (() => void)[] = [];
    let wire: ShellWireEvents | undefined;
    let opened = 0;
    const connection = new ShellConnection(
      {
        ticket: async () => `ticket-${opened}`,
        open: (events) => {
          opened += 1;
          wire = events;
          return {
            send: (frame) => void sent.push(decodeFromViewer(frame)),
            close: () => undefined,
          };
        },
        after: (_, run) => {
          waits.push(run);
          return () => undefined;
        },
        random: () => 0.5,
        looking: () => true,
      },
      {
        write: async (bytes) =>
          void drawn.push(typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)),
        resize: ({ cols }) => void drawn.push(`${cols} columns`),
      },
      {
        up: (there) => void told.push(there ? 'up' : 'down'),
        says: () => undefined,
        shut: (code) => void told.push(`shut ${code}`),
        exited: (code) => void told.push(`exit ${code}`),
      },
      'a'.repeat(32),
    );
    const hear = (frame: FromStation): void => wire?.frame(encodeFrame(frame));
    const welcome = (inSeq: number, state: SessionView['state'] = 'Running'): void =>
      hear({
        type: 'ctrl',
        says: {
          type: 'welcome',
          part: 'driver',
          view: whole({ ...view, state }),
          size: { cols: 90, rows: 20 },
          inSeq,
        },
      });
    return {
      connection,
      sent,
      drawn,
      told,
      waits,
      hear,
      welcome,
      lose: (code = '') => wire?.closed(code),
      open: () => wire?.opened(),
    };
  };
  test('types once through a drop, draws in order, and proves presence with what a person did', async () => {
    const { connection, sent, drawn, told, waits, hear, welcome, lose, open } = rig();
    await connection.start();
    open();
    welcome(0);
    expect(connection.type('ls\r')).toBe(true);
    hear({
      type: 'snap',
      offset: 5,
      size: { cols: 100, rows: 30 },
      bytes: new TextEncoder().encode('screen'),
    });
    hear({ type: 'out', offset: 5, bytes: new TextEncoder().encode('more') });
    await settle();
    expect(drawn).toEqual(['90 columns', '\u001Bc', '100 columns', 'screen', 'more']);
    connection.act();
    hear({ type: 'ctrl', says: { type: 'challenge', challenge: 'c1' } });
    hear({ type: 'ctrl', says: { type: 'challenge', challenge: 'c2' } });
    const proofs = sent.flatMap((frame) =>
      frame.type === 'ctrl' && frame.says.type === 'prove' ? [frame.says.acted] : [],
    );
    expect(proofs).toEqual([true, false]);
    lose('E_SHELL_PART');
    expect(connection.type('lost\r')).toBe(false);
    waits.at(-1)?.();
    await settle();
    open();
    welcome(1);
    expect(sent.filter(({ type }) => type === 'in')).toHaveLength(1);
    const hellos = sent.flatMap((frame) =>
      frame.type === 'ctrl' && frame.says.type === 'hello' ? [frame.says.offset] : [],
    );
    expect(hellos).toEqual([null, 9]);
    expect(told).toEqual(['up', 'shut E_SHELL_PART', 'down', 'up']);
  });

  test('does not come back to a shell that is over', async () => {
    const { connection, waits, hear, welcome, lose, open } = rig();
    await connection.start();
    open();
    welcome(0);
    hear({ type: 'ctrl', says: { type: 'state', view: whole({ state: 'Ended' }) } });
    const before = waits.length;
    lose();
    expect(waits).toHaveLength(before);
  });
});
