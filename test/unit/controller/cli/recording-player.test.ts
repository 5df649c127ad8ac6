// A recording played at a terminal: the screens as they were, in their time, and nothing of it steers or asks the terminal
// that it is played on.
import { expect, test } from 'vitest';
import { playRecording, withoutModes } from '#controller/cli/recording-player.ts';
import { Playback } from '#controller/recording/playback.ts';
import { RecordingRig } from '#test/unit/controller/recording/rig.ts';

const second = 1000;

async function player(cols = 100, rows = 40) {
  const rig = new RecordingRig();
  const recorder = await rig.open();
  rig.clock.pass(second);
  recorder.output(Buffer.from('\u001B]52;c;aGk=\u0007\u001B[?1000h\u001B[cfirst\r\n'));
  rig.clock.pass(30 * second);
  recorder.output(Buffer.from('\u001B[?1049h\u001B[Hsecond'));
  rig.clock.pass(second);
  await recorder.end();
  const began = 1_790_000_000_000;
  const playback = new Playback();
  let written = '';
  const heard: ((key: string) => void)[] = [];
  const over = playRecording(
    rig.clock,
    {
      cols,
      rows,
      write: (text) => void (written += text),
      keys: (hear) => {
        heard.push(hear);
        return () => heard.pop();
      },
    },
    {
      began,
      duration_us: 32_000_000,
      screenAt: async (from) => playback.page(rig.folderOf(), { from, to: from }),
    },
    1,
  );
  return {
    rig,
    over,
    press: (key: string) => heard[0]?.(key),
    /** Keys go where they went before. */
    free: () => heard.length === 0,
    written: () => written,
    /** Time goes on until this is shown. */
    shows: async (text: string) => rig.until(() => written.includes(text), 100),
    [Symbol.asyncDispose]: async () => rig[Symbol.asyncDispose](),
  };
}

test('each screen comes in its time, and it ends by itself', async () => {
  await using played = await player();
  await played.shows('first');
  expect(played.written()).not.toContain('second');
  await played.shows('second');
  let ended = false;
  void (async () => {
    await played.over;
    ended = true;
  })();
  await played.rig.until(() => ended, 100);
  const written = played.written();
  for (const strange of ['\u001B]', '\u001B[?1000h', '\u001B[c'])
    expect(written).not.toContain(strange);
  // The screen of whoever looks is given back as it was.
  expect(written.endsWith('\u001B[?25h\u001B[?1049l')).toBe(true);
});

test('keys pause it, lead on by ten seconds, and end it', async () => {
  await using played = await player();
  // Pasted words are no keys.
  for (const word of ['__proto__', 'toString']) played.press(word);
  played.press(' ');
  await played.shows('PAUSED');
  for (let leaps = 0; leaps < 3; leaps += 1) played.press('\u001B[C');
  await played.shows('30 / 32 s');
  played.press('\u001B[C');
  await played.shows('second');
  played.press('+');
  played.press('q');
  await played.rig.until(() => played.written().endsWith('\u001B[?1049l'), 100);
  await played.over;
  expect(played.free()).toBe(true);
});

test('a terminal that is too small is told so', async () => {
  await using played = await player(79, 24);
  await played.shows('Its terminal had 80 x 24: make this one larger than 79 x 24.');
  played.press('q');
  await played.rig.until(() => played.free(), 100);
  expect(played.written()).not.toContain('first');
});

test('modes of a program are left out of its screen; of two screens the seen one stays', () => {
  const screen =
    'main\u001B[?1049h\u001B[H\u001B[1malt\u001B[?2004h\u001B[4h\u001B[2;5r\u001B=\u001B[3Ctext';
  expect(withoutModes(screen)).toBe('\u001B[H\u001B[1malt\u001B[3Ctext');
});
