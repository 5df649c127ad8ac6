// A recording to tell the page of: a shell of four minutes in which somebody asked, typed, was paused and went on, a
// password was typed unseen, programs were seen to start, while the machine of told-past.ts moved.
import type { PlayedEvent, RecordingMark } from '#contract/recording-routes.ts';
import { isMark, typedLine } from '#controller/recording/page.ts';
import { TypedLines } from '#controller/recording/typed.ts';
import type { Crew } from './told-people.ts';

export const session = 'sh-00000000000000aa';
const second_us = 1_000_000;
const length_us = 240 * second_us;
const minute = 60_000;
/** Of the past that is told: in the middle the machine leaves a state, until then one of its values is not known. */
const round = 40 * minute;
export const began = Math.floor((Date.now() - 2 * round) / round) * round + round - 100_000;

type Told = PlayedEvent extends infer E ? (E extends unknown ? Omit<E, 'n' | 'at'> : never) : never;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const shown = (s: number, text: string): Told => ({
  kind: 'output',
  t_us: s * second_us,
  data: base64(text),
});
const typed = (s: number, text: string, by = 'user:mia'): Told[] =>
  Array.from(text, (key, at) => ({
    kind: 'input',
    t_us: s * second_us + at * 120_000,
    by: by as 'user:mia',
    auto: false,
    data: base64(key),
  }));
const state = (s: number, name: string, why: string): Told => ({
  kind: 'state',
  t_us: s * second_us,
  about: { state: name, why },
});
const started = (s: number, ...argv: string[]): Told => ({
  kind: 'mark',
  t_us: s * second_us,
  about: {
    process: { pid: Math.round(40 + s), argv, at: began + s * 1000, hash: 'b8'.repeat(32) },
  },
});

const prompt = '\u001B[1mmia@press-7\u001B[0m:~$ ';
const list: readonly Told[] = [
  state(0, 'Waiting', 'begun by user:mia'),
  state(2, 'Running', 'user:sue is present'),
  started(2.1, 'bash', '--norc'),
  shown(2.4, prompt),
  ...typed(8, 'ls -l /var/log/cell\r'),
  shown(11, 'ls -l /var/log/cell\r\n'),
  started(11.2, 'ls', '-l', '/var/log/cell'),
  ...Array.from({ length: 18 }, (_, n) =>
    shown(
      11.4 + n / 100,
      `-rw-r--r-- 1 cell cell ${4096 * (n + 1)} Nov 23 0${n % 9}:1${n % 9} gauge.${n}.log\r\n`,
    ),
  ),
  shown(12, prompt),
  ...typed(20, 'grep -c timeout /var/log/cell/gauge.3.log\r'),
  shown(26, 'grep -c timeout /var/log/cell/gauge.3.log\r\n'),
  started(26.2, 'grep', '-c', 'timeout', '/var/log/cell/gauge.3.log'),
  shown(26.4, `\u001B[33m214\u001B[0m\r\n${prompt}`),
  { kind: 'mark', t_us: 40 * second_us, about: { dropped: 12 } },
  ...typed(48, 'login gauge\r'),
  shown(50, 'login gauge\r\nPassword: '),
  started(50.1, 'login', 'gauge'),
  { kind: 'secret', t_us: 56 * second_us, by: 'user:mia', auto: false, length: 12 },
  shown(58, `\r\nWelcome to gauge\r\n${prompt}`),
  state(80, 'Paused', 'pressing left mode.Manual'),
  state(140, 'Running', 'user:sue: the machine stands'),
  { kind: 'resize', t_us: 150 * second_us, about: { cols: 120, rows: 34 } },
  ...typed(160, 'systemctl restart gauge-reader\r'),
  shown(165, 'systemctl restart gauge-reader\r\n'),
  started(165.2, 'systemctl', 'restart', 'gauge-reader'),
  shown(172, `done in 6.8 s\r\n${prompt}`),
  {
    kind: 'input',
    t_us: 173 * second_us,
    by: 'user:mia',
    auto: true,
    data: base64('\u001B[?1;2c'),
  },
  ...typed(230, 'exit\r'),
  shown(231, 'exit\r\n'),
  { kind: 'exit', t_us: 239 * second_us, about: { code: 0 } },
  state(240, 'Ended', 'its program has ended'),
];
const events: readonly PlayedEvent[] = list
  .toSorted((a, b) => a.t_us - b.t_us)
  .map((event, n) => ({ ...event, n, at: began + Math.floor(event.t_us / 1000) }));
const marks: readonly RecordingMark[] = events.filter(isMark);
const keys = new TypedLines();
const lines = events
  .flatMap((event) => {
    if (event.kind !== 'input' && event.kind !== 'secret') return [];
    const { n, t_us: t, by, auto } = event;
    if (event.kind === 'input')
      return keys.take(n, { kind: 'input', t, by, auto, bytes: Buffer.from(event.data, 'base64') });
    const { length } = event;
    return keys.take(n, { kind: 'secret', t, by, auto, length, proof: Buffer.alloc(32) });
  })
  .concat(keys.end())
  .map((line) => typedLine(line, began));

const summary = {
  session,
  state: 'ended',
  title: 'T2 The gauge drops out each time the coolant pump starts',
  by: 'user:mia',
  began,
  ended: began + length_us / 1000,
  duration_us: length_us,
  events: events.length,
  output_bytes: 2000,
  file_bytes: 9000,
};
const size = { cols: 100, rows: 30 };

/** What stands on the screen just before `t`. */
const screenAt = (t: number): string =>
  events
    .flatMap((event) =>
      event.kind === 'output' && event.t_us < t
        ? [Buffer.from(event.data, 'base64').toString()]
        : [],
    )
    .join('');

/** One recording, and whoever `others` answers for. */
export const withRecording =
  (others: Crew): Crew =>
  (path, query) => {
    if (path === 'recordings')
      return { status: 200, body: { recordings: [summary], more: false, bytes: 9000, bound: 2e9 } };
    if (path === `recordings/${session}`) {
      const verified = { result: 'whole', segments: 240, entry: 51_223, text: '' };
      return {
        status: 200,
        body: { recording: summary, size, marks, typed: lines, more: false, verified },
      };
    }
    if (path !== `recordings/${session}/frames`) return others(path, query);
    const from = query.get('from');
    if (from === null) return { status: 200, body: { events: [], next: null } };
    const time = Number(from);
    const keyframe = { t_us: time, size, screen: screenAt(time) };
    const rest = events.filter(({ t_us }) => t_us >= time);
    return { status: 200, body: { keyframe, events: rest, next: null } };
  };
