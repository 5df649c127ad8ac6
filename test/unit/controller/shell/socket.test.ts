// Sockets of a shell with a real program behind: input that counts once, what comes after a drop, who only watches, seats; and
// that nothing that a program prints makes a viewer type.
import { createHash } from 'node:crypto';
import headless from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import { encodeFrame } from '#contract/shell-frames.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';
import { bash, person, rig, seated } from './socket-rig.ts';
import { until } from './until.ts';

const idle = bash('stty -echo; printf ready; cat; sleep 60');

describe('input', () => {
  test('is recorded, typed, and told', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    ann.type('hello\n');
    await until(() => ann.loop.text.includes('hello'));
    expect(it.session.recorded).toEqual([{ text: 'hello\n', auto: false, secret: true }]);
  });

  test('that arrives twice is typed once', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    const frame = encodeFrame({ type: 'in', inSeq: 1, bytes: Buffer.from('once\n') });
    for (let nth = 0; nth < 3; nth += 1) ann.ws?.send(frame);
    ann.ws?.send(encodeFrame({ type: 'in', inSeq: 2, bytes: Buffer.from('end\n') }));
    await until(() => ann.loop.text.includes('end'));
    expect(it.session.typed).toBe('once\nend\n');
  });

  test('through thirty drops is typed once, all of it', async () => {
    await using it = await rig(
      bash('stty raw -echo; printf ready; head -c 30000 | sha256sum; sleep 60'),
    );
    const ann = await seated(it, 'ann', 'driver');
    const keys = Array.from({ length: 300 }, (_, nth) => `${nth}`.padStart(100, 'k'));
    for (const [nth, each] of keys.entries()) {
      ann.type(each);
      if (nth % 10 === 5) {
        ann.cut();
        // oxlint-disable-next-line no-await-in-loop -- one drop after the other
        await ann.connect();
      }
    }
    await until(() => it.session.typed.length === 30_000);
    expect(it.session.typed).toBe(keys.join(''));
    const sum = createHash('sha256').update(keys.join('')).digest('hex');
    await until(() => ann.loop.text.includes(sum));
  });

  test('while it does not run is refused, told, and never typed later', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    it.session.running = false;
    ann.type('rm -rf /\n');
    await until(() => ann.loop.refused().length === 1);
    expect(ann.loop.refused()).toEqual(['E_SHELL_INPUT']);
    it.session.running = true;
    ann.cut();
    await ann.connect();
    ann.type('echo\n');
    await until(() => ann.loop.text.includes('echo'));
    expect(it.session.typed).toBe('echo\n');
  });

  test('that is refused while its terminal is away is told when it comes back', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    it.session.running = false;
    ann.type('lost\n');
    ann.cut();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await ann.connect();
    await until(() => ann.loop.refused().length === 1);
    expect(it.session.typed).toBe('');
  });

  test('of another terminal of the same person is counted anew', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    ann.type('one\n');
    await until(() => ann.loop.text.includes('one'));
    const other = await seated(it, 'ann', 'driver');
    expect(await ann.closed).toMatchObject({ reason: 'E_SHELL_PART' });
    other.type('two\n');
    await until(() => it.session.typed === 'one\ntwo\n');
  });
});

describe('who only watches', () => {
  test('types nothing, is told so, recorded, and sent away in the end', async () => {
    await using it = await rig(idle);
    await seated(it, 'ann', 'driver');
    const eve = await seated(it, 'eve', 'observer');
    expect(eve.type('whoami\n')).toBe(false);
    const frame = encodeFrame({ type: 'in', inSeq: 1, bytes: Buffer.from('whoami\n') });
    eve.ws?.send(frame);
    await until(() => eve.loop.refused().length === 1);
    eve.ws?.send(encodeFrame({ type: 'resize', size: { cols: 10, rows: 10 } }));
    await until(() => eve.loop.refused().length === 2);
    expect(it.refusals).toEqual(['user:eve E_SHELL_PART', 'user:eve E_SHELL_PART']);
    for (let nth = 0; nth < 40; nth += 1) eve.ws?.send(frame);
    expect(await eve.closed).toEqual({ code: 4403, reason: 'E_SHELL_PART' });
    expect(it.session).toMatchObject({ typed: '', sizes: [] });
  });

  test('never answers what a program asks a terminal; the driver’s answer is marked', async () => {
    // Who are you, where is the cursor, what is the title, what is in the clipboard; then what came is read.
    const asks = String.raw`printf '\005\033[c\033[6n\033[21t\033]52;c;?\007\033]0;evil\007'`;
    const script = `stty raw -echo; printf ready; read -n 1; ${asks}; head -c 5 | od -c; sleep 60`;
    await using it = await rig(bash(script));
    const [ann, eve] = [await seated(it, 'ann', 'driver'), await seated(it, 'eve', 'observer')];
    const answers = { ann: '', eve: '' };
    for (const [name, viewer] of [
      ['ann', ann],
      ['eve', eve],
    ] as const) {
      const terminal = new headless.Terminal({ cols: 80, rows: 24, allowProposedApi: true });
      terminal.onData((text) => {
        answers[name] += text;
        viewer.type(text, true);
      });
      viewer.ws?.on('message', (bytes: Buffer) => {
        if (bytes[0] === 1) terminal.write(bytes.subarray(9));
      });
    }
    ann.type('g');
    await until(() => answers.ann !== '' && answers.eve !== '');
    await until(() => ann.loop.text.includes('033'));
    const auto = it.session.recorded.filter((each) => each.auto).map(({ text }) => text);
    expect(auto.join('')).toBe(answers.ann);
    expect(it.session.typed).toBe(`g${answers.ann}`);
    expect(it.refusals).toEqual([]);
  });

  test('never slows the driver, however it stands still', { timeout: 120_000 }, async () => {
    const size = 2_500_000;
    const flood = `yes 'a line of a log' | head -c ${size}`;
    await using it = await rig(bash(`stty raw -echo; printf ready; read -n 1; ${flood}; sleep 60`));
    const ann = await seated(it, 'ann', 'driver');
    const still = await seated(it, 'eve', 'observer');
    const mute = await seated(it, 'mal', 'observer');
    still.ws?.pause();
    mute.loop.stall();
    ann.type('g');
    await until(() => ann.loop.bytes >= size, 60_000);
    expect(ann.loop.snapshots).toBe(0);
    still.ws?.resume();
    mute.loop.goOn();
    mute.loop.client.beat();
    await until(() => still.loop.snapshots > 0 && mute.loop.snapshots > 0, 60_000);
  });
});

describe('a seat', () => {
  test('that is taken away ends its connection', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    const [place] = it.session.places;
    if (place !== undefined) it.session.lose(place, 'E_SHELL_LOCKED');
    expect(await ann.closed).toEqual({ code: 4403, reason: 'E_SHELL_LOCKED' });
  });

  test('ends with the sign-in that it came by', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    const bob = await seated(it, 'bob', 'observer');
    it.shell.changed('session-ann', person('ann'));
    it.shell.changed('session-ann', null);
    expect(await ann.closed).toEqual({ code: 4401, reason: 'E_NOT_SIGNED_IN' });
    expect(bob.loop.client.welcome).toBe(true);
  });

  test('is left when its viewer has been silent for 15 s', async () => {
    const clock = new HandClock();
    await using it = await rig(idle, clock);
    const ann = it.viewer('ann', 'observer');
    await ann.connect();
    clock.advance(14_000);
    ann.loop.client.beat();
    await until(() => it.session.places.length === 1);
    clock.advance(21_000);
    expect(await ann.closed).toEqual({ code: 4408, reason: 'E_DOOR_SLOW' });
    clock.advance(1000);
    await until(() => it.session.places.length === 0);
  });

  test('of a supervisor is asked for proof, and gives it', async () => {
    await using it = await rig(idle);
    const sue = await seated(it, 'sue', 'supervisor');
    await until(() => sue.loop.said.some(({ type }) => type === 'challenge'));
    sue.loop.client.prove('first', true);
    sue.loop.client.hidden();
    await until(() => it.session.proofs.length === 2);
    expect(it.session.proofs).toEqual([
      { challenge: 'first', acted: true },
      { challenge: 'hidden', acted: false },
    ]);
  });

  test('that is given the keyboard may type, and is waited for', async () => {
    await using it = await rig(idle);
    const ann = await seated(it, 'ann', 'driver');
    const bob = await seated(it, 'bob', 'peer');
    const [first, second] = it.session.places;
    if (first === undefined || second === undefined) throw new Error('two sit there');
    expect(bob.type('x')).toBe(false);
    first.part = 'peer';
    second.part = 'driver';
    it.session.show({ why: 'handed over' });
    await until(() => bob.type('by bob\n'));
    await until(() => it.session.typed === 'by bob\n');
    await until(() => !ann.type('by ann\n'));
    expect(bob.loop.client.welcome).toBe(true);
  });

  test('sees the end: the last output, the code, and the connection closed', async () => {
    await using it = await rig(bash('stty -opost; printf ready; read; printf bye; exit 42'));
    const ann = await seated(it, 'ann', 'driver');
    ann.type('\n');
    await until(() => ann.loop.code === 42);
    expect(ann.loop.text).toContain('bye');
    const [place] = it.session.places;
    if (place !== undefined) it.session.lose(place, 'E_SHELL_STATE');
    expect(await ann.closed).toEqual({ code: 4409, reason: 'E_SHELL_STATE' });
    expect(it.refusals).toEqual([]);
  });
});
