// docs/reference/shell-protocol.md: the frames of a shell's socket, their bytes as the product encodes them, its messages, limits
// and close codes.
import type * as z from 'zod';
import * as shell from '#contract/shell.ts';
import * as frames from '#contract/shell-frames.ts';
import type { ShellFrame } from '#contract/shell-frames.ts';
import { codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import { closing } from '#controller/shell/connection.ts';
import { page, table } from './page.ts';
import { code } from './schema-text.ts';
import type { Names } from './schema-text.ts';
import { doorOf, messages, shapeOf } from './wire.ts';

const { encodeFrame, frameTypes, shellLimits, shellPace, shellPath, shellProtocol, shellWindow } =
  frames;
const keys = new Uint8Array([0x6c, 0x73, 0x0d]);
const size = { cols: 80, rows: 24 };

/** Each frame: who sends it, its payload, what it means, and one of it. */
const rows: readonly (readonly [from: string, payload: string, means: string, one: ShellFrame])[] =
  [
    [
      'station',
      '`u64` offset, bytes',
      'Output from this offset on: the count of bytes that the program wrote before.',
      { type: 'out', offset: 4096, bytes: keys },
    ],
    [
      'viewer',
      '`u64` offset',
      'All output before it is on the screen: parsed, not only received.',
      { type: 'ack', offset: 4099 },
    ],
    [
      'viewer',
      '`u32` number, bytes',
      'Keys. The number counts the frames `in` and `auto` of one terminal from 1.',
      { type: 'in', inSeq: 1, bytes: keys },
    ],
    [
      'station',
      '`u32` number',
      'Input up to this number is recorded and typed, or refused.',
      { type: 'inack', inSeq: 1 },
    ],
    [
      'both',
      '`u16` columns, `u16` rows',
      'The driver’s terminal has this size; station tells it to all.',
      { type: 'resize', size },
    ],
    [
      'station',
      '`u64` offset, `u16` columns, `u16` rows, bytes',
      'The screen as it was at this offset: bytes that draw it on a terminal that was reset. Output goes on from there.',
      { type: 'snap', offset: 4099, size, bytes: keys },
    ],
    ['both', 'JSON', 'A message, below.', { type: 'ctrl', says: { type: 'beat' } }],
    [
      'station',
      '`u32` code, `u64` offset',
      'The program ended with this code, 128 and its signal where one ended it, after so many bytes in all.',
      { type: 'exit', code: 130, finalOffset: 4099 },
    ],
    [
      'viewer',
      '`u32` number, bytes',
      'What the terminal answered by itself to a question in the output; nothing else is taken as that.',
      { type: 'auto', inSeq: 2, bytes: new Uint8Array([0x1b, 0x5b, 0x30, 0x6e]) },
    ],
  ];

const kilo = (bytes: number): string => `${bytes / 1024} KiB`;
const seconds = (ms: number): string => `${ms / 1000} s`;

export function shellPage(): string {
  const door = doorOf(['contract/shell-frames.ts'], frames);
  const words = doorOf(['contract/shell.ts'], shell);
  const names: Names = new Map<z.ZodType, string>([
    [shell.SessionView, 'SessionView'],
    [shell.SessionState, 'SessionState'],
    [shell.Part, 'Part'],
    [shell.Tier, 'Tier'],
    [frames.TerminalSize, 'TerminalSize'],
  ]);
  const types = new Map<string, number>(Object.entries(frameTypes));
  return page(
    '# The socket of a shell',
    `Generated from \`contract/shell-frames.ts\`. A WebSocket at \`${shellPath}\` of station's port, subprotocol \`${shellProtocol}\`, without compression. Every message is one binary frame: a byte that says its type, then its payload; numbers are big-endian. \`contract/shell-client.ts\` is the viewer's side.`,
    '## Frames',
    table(
      ['frame', 'type', 'from', 'payload', 'means', 'such as'],
      rows.map(([from, payload, means, one]) => [
        code(one.type),
        String(types.get(one.type)),
        from,
        payload,
        means,
        code(Buffer.from(encodeFrame(one)).toString('hex')),
      ]),
    ),
    '## Order',
    `A viewer asks for a ticket with \`POST /api/shells/:id/ticket\`: good once, for 30 s, for the session or token that asked, for one shell and one part. Its first frame is \`hello\` with the ticket, within ${seconds(shellPace.hello_ms)}; station answers \`welcome\`. \`Origin\` and \`Host\` must be the page's own, of a command line too; nothing secret stands in the address.`,
    `Output is kept until the driver has shown it. Whoever comes back says in \`hello\` how many bytes it has, and output goes on at the next one; what is no longer kept comes as \`snap\`. At ${kilo(shellWindow.high)} that the driver has not shown the program is held back, until no more than ${kilo(shellWindow.low)} are left. Who only watches holds nothing back: 1 MiB behind it is sent nothing more, and then the screen as it is.`,
    `Input is numbered, and recorded before it is typed. After a drop \`welcome\` says the last number that was taken; what came after is sent again, and what was taken is not typed twice. A number that skips one ends the connection. At most ${kilo(shellWindow.in)} in ${shellWindow.inFrames} frames may be on the way. What is refused, because the shell is paused for instance, is told by \`refused\` and counts as taken: it is never typed later.`,
    `Only the driver types, sets the size, and answers what a program asks its terminal. A viewer says something every ${seconds(shellPace.beat_ms)}, if only \`beat\`; after ${seconds(shellPace.silence_ms)} of silence its seat is free.`,
    '## Limits',
    table(
      ['what', 'bytes'],
      [
        ['one frame of a viewer', kilo(shellLimits.fromViewer)],
        ['output in `out`', kilo(shellLimits.out)],
        ['input in `in` and `auto`', kilo(shellLimits.in)],
        ['a screen in `snap`', kilo(shellLimits.snap)],
        ['a message in `ctrl`', kilo(shellLimits.ctrl)],
      ],
    ),
    '## A viewer says',
    ...messages(frames.ViewerSays, names, door),
    '## Station says',
    ...messages(frames.StationSays, names, door),
    '## Shapes',
    ...[...names].flatMap(([schema, name]) => shapeOf(schema, { name, names, docs: words.docs })),
    '## Close codes',
    'The reason of the close is the code in the second column. 1000, 1001, 1009 are those of WebSocket: left, station ends, a frame that is larger than any.',
    table(
      ['close', 'code', 'means'],
      Object.entries(closing).map(([name, number]) => [
        String(number),
        code(name),
        codes[name as Code].meaning,
      ]),
    ),
  );
}
