// The keyboard by itself: what waits is bounded in bytes and in frames, and it is idle when nothing waits.
import { describe, expect, it } from 'vitest';
import { CellError } from '#contract/error.ts';
import { shellWindow } from '#contract/shell-frames.ts';
import { Keyboard } from '#controller/shell/keyboard.ts';
import { codeOf, settle } from './rig.ts';

const never = async (): Promise<never> => new Promise(() => undefined);
const refuse = async (): Promise<never> => {
  throw new CellError('E_SHELL_INPUT', 'no');
};

describe('frames on the way', () => {
  it.each([0, 1])('of %d bytes are so many and no more, with a code', async (length) => {
    const keyboard = new Keyboard();
    const bytes = new Uint8Array(length);
    for (let inSeq = 1; inSeq <= shellWindow.inFrames; inSeq += 1)
      keyboard.press(inSeq, bytes, never);
    const more = await codeOf(() => keyboard.press(shellWindow.inFrames + 1, bytes, never));
    expect(more).toBe('E_DOOR_FRAME');
    // One that came before is known, and nothing of it is kept twice.
    expect(await codeOf(() => keyboard.press(7, bytes, never))).toBeUndefined();
  });

  it('without a byte are waited for as others are', async () => {
    const keyboard = new Keyboard();
    const waiting: (() => void)[] = [];
    const typed = new Promise<void>((done) => void waiting.push(done));
    keyboard.press(1, new Uint8Array(0), async () => typed);
    let idle = false;
    void keyboard.idle().then(() => (idle = true));
    await settle();
    expect(idle).toBe(false);
    for (const done of waiting) done();
    await settle();
    expect(idle).toBe(true);
  });

  it('that are refused make room again', async () => {
    const keyboard = new Keyboard();
    for (let inSeq = 1; inSeq <= 3 * shellWindow.inFrames; inSeq += 1) {
      keyboard.press(inSeq, new Uint8Array(1), refuse);
      // oxlint-disable-next-line no-await-in-loop -- their turn
      if (inSeq % shellWindow.inFrames === 0) await settle();
    }
    expect(keyboard.taken).toBe(3 * shellWindow.inFrames);
  });
});
