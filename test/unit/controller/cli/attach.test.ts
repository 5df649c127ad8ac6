// A person's terminal at a shell over a real socket: what is typed and shown, how one leaves, what a drop does.
import type { WebSocket } from 'ws';
import { describe, expect, test } from 'vitest';
import { CellError } from '#contract/error.ts';
import type { Part } from '#contract/shell.ts';
import { splitAnswers } from '#contract/terminal-answers.ts';
import { Attachment } from '#controller/cli/attach.ts';
import type { AttachEnd } from '#controller/cli/attach.ts';
import { DetachKeys } from '#controller/cli/detach-keys.ts';
import { realClock } from '#controller/clock.ts';
import { bash, person, rig } from '#test/unit/controller/shell/socket-rig.ts';
import type { Rig } from '#test/unit/controller/shell/socket-rig.ts';
import { until } from '#test/unit/controller/shell/until.ts';

function attach(it: Rig, name: string, part: Part) {
  const shown: Buffer[] = [];
  const sockets: WebSocket[] = [];
  const size = { cols: 100, rows: 30 };
  const who = person(name);
  const refusing: { error: CellError | undefined } = { error: undefined };
  const attachment = new Attachment(
    realClock(),
    {
      ticket: async () => {
        if (refusing.error !== undefined) throw refusing.error;
        return it.tickets.issue(who, it.session.id, part).ticket;
      },
      dial: async () => {
        const ws = it.dial(who);
        sockets.push(ws);
        return ws;
      },
    },
    {
      terminal: {
        write: (bytes, done) => {
          shown.push(Buffer.from(bytes));
          setImmediate(done);
        },
        size: () => size,
      },
      part,
    },
  );
  let end: AttachEnd | undefined;
  void attachment.ended.then((ended) => (end = ended));
  attachment.start();
  return {
    attachment,
    size,
    sockets,
    refusing,
    text: () => Buffer.concat(shown).toString('latin1'),
    press: (text: string) => attachment.pressed(Buffer.from(text, 'latin1')),
    end: () => end,
  };
}

const echo = bash('stty -echo; stty size; printf ready; cat; exit 3');

describe('a terminal at a shell', () => {
  test('types, shows, has its size, and ends with the program', async () => {
    await using it = await rig(echo);
    const ann = attach(it, 'ann', 'driver');
    await until(() => ann.text().includes('ready'));
    await until(() => it.session.sizes.length === 1);
    expect(it.session.sizes[0]).toEqual(ann.size);
    ann.size.cols = 120;
    ann.attachment.resized();
    await until(() => it.session.sizes.length === 2);
    ann.press('hello\r');
    await until(() => ann.text().includes('hello'));
    ann.press('\u0004');
    await until(() => ann.end() !== undefined);
    expect(ann.end()).toEqual({ code: 3 });
  });

  test('comes back after a drop, and types once what was on the way', async () => {
    await using it = await rig(echo);
    const ann = attach(it, 'ann', 'driver');
    await until(() => ann.text().includes('ready'));
    ann.press('one\r');
    ann.sockets[0]?.terminate();
    await until(() => ann.text().includes('connected again'));
    ann.press('two\r');
    await until(() => ann.text().includes('two'));
    expect(it.session.typed).toBe('one\rtwo\r');
    ann.press('~.');
    await until(() => ann.end() !== undefined);
    expect(ann.end()).toEqual({});
    await until(() => it.session.places.length === 0);
  });

  test('leaves while the connection is down', async () => {
    await using it = await rig(echo);
    const ann = attach(it, 'ann', 'driver');
    await until(() => ann.text().includes('ready'));
    ann.refusing.error = new CellError('E_CELL_NOT_RUNNING', 'no station');
    ann.sockets[0]?.terminate();
    await until(() => ann.text().includes('the connection was lost'));
    ann.press('lost keys\r~.');
    await until(() => ann.end() !== undefined);
    expect(it.session.typed).toBe('');
  });

  test.each(['E_SHELL_UNKNOWN', 'E_NOT_ALLOWED'] as const)('ends where it is %s', async (code) => {
    await using it = await rig(echo);
    const ann = attach(it, 'ann', 'driver');
    await until(() => ann.text().includes('ready'));
    ann.refusing.error = new CellError(code, 'refused');
    ann.sockets[0]?.terminate();
    await until(() => ann.end() !== undefined);
    expect(ann.end()?.error?.code).toBe(code);
  });

  test('says that the session is paused, and that what was typed went nowhere', async () => {
    await using it = await rig(echo);
    const ann = attach(it, 'ann', 'driver');
    await until(() => ann.text().includes('ready'));
    it.session.running = false;
    it.session.show({ state: 'Paused', why: 'the \u001B]0;evil\u0007 gate' });
    await until(() => ann.text().includes('[rebe: Paused: the'));
    expect(ann.text()).not.toContain('\u001B]0;');
    ann.press('x');
    await until(() => ann.text().includes('E_SHELL_INPUT'));
  });

  test('that only watches types nothing, sees all, and leaves with q', async () => {
    await using it = await rig(echo);
    const ann = attach(it, 'ann', 'driver');
    const eve = attach(it, 'eve', 'observer');
    await until(() => ann.text().includes('ready') && eve.text().includes('ready'));
    eve.press('evil\r');
    ann.press('seen\r');
    await until(() => eve.text().includes('seen'));
    eve.press('q');
    await until(() => eve.end() !== undefined);
    expect(it.session.typed).toBe('seen\r');
    expect(it.refusals).toEqual([]);
  });

  test('of a supervisor proves that somebody is there, and whether they did something', async () => {
    await using it = await rig(echo);
    const sue = attach(it, 'sue', 'supervisor');
    await until(() => it.session.proofs.length === 1);
    sue.press('x');
    it.session.places[0]?.seen.challenge('second');
    await until(() => it.session.proofs.length === 2);
    expect(it.session.proofs.map(({ acted }) => acted)).toEqual([false, true]);
  });

  test('marks what the terminal answered by itself', async () => {
    await using it = await rig(bash('stty raw -echo; printf "ready\\033[6n"; cat'));
    const ann = attach(it, 'ann', 'driver');
    await until(() => ann.text().includes('ready\u001B[6n'));
    ann.press('a\u001B[24;80Rb');
    await until(() => it.session.typed === 'a\u001B[24;80Rb');
    expect(it.session.recorded.map(({ auto }) => auto)).toEqual([false, true, false]);
  });
});

describe('keys', () => {
  test.each([
    ['~.', '', true],
    ['ls\r~.', 'ls\r', true],
    ['a~.', 'a~.', false],
    ['~~.', '~.', false],
    ['~x', '~x', false],
    ['x\n~\r~.', 'x\n~\r', true],
  ])('%j', (text, typed, detach) => {
    expect(new DetachKeys(true).press(text)).toEqual({ typed, detach });
    // One key after the other is the same.
    const keys = new DetachKeys(true);
    const each = text.split('').map((key) => keys.press(key));
    expect(each.map((one) => one.typed).join('')).toBe(typed);
    expect(each.some((one) => one.detach)).toBe(detach);
  });

  test.each([
    ['ls\r', [[false, 'ls\r']]],
    ['\u001B[?62;c', [[true, '\u001B[?62;c']]],
    [
      'a\u001B[12;3Rb',
      [
        [false, 'a'],
        [true, '\u001B[12;3R'],
        [false, 'b'],
      ],
    ],
    ['\u001B[A\u001B[1;5R\u001B[3~', [[false, '\u001B[A\u001B[1;5R\u001B[3~']]],
    ['\u001B]11;rgb:0/0/0\u001B\\', [[true, '\u001B]11;rgb:0/0/0\u001B\\']]],
  ])('and answers of a terminal are told apart in %j', (text, parts) => {
    expect(splitAnswers(text).map(({ auto, text: part }) => [auto, part])).toEqual(parts);
  });
});
