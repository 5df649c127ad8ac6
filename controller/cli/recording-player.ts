// Plays a recording at a terminal: the screen as it was, drawn anew from what our own parser made of it, so that nothing
// in the recording steers or asks the terminal that it is played on. Keys pause it, go to and fro, make it faster.
import { milliseconds } from '#contract/time.ts';
import type { Clock } from '#contract/time.ts';
import type { RecordingPage } from '#controller/recording/page.ts';

/** Between two pictures. */
const tick = milliseconds(100);
const leap_us = 10_000_000;
const fastest = 64;
const help = 'space pause  ← → 10 s  + - speed  q end';

export interface PlayerTerminal {
  readonly cols: number;
  readonly rows: number;
  write(text: string): void;
  /** Hears of keys until the result is called. */
  keys(heard: (key: string) => void): () => void;
}

export interface PlayedRecording {
  readonly duration_us: number;
  /** UTC ms. */
  readonly began: number;
  screenAt(t_us: number): Promise<RecordingPage>;
}

/** Resolves when it has ended or whoever looks has had enough. */
export async function playRecording(
  clock: Clock,
  terminal: PlayerTerminal,
  recording: PlayedRecording,
  first: number,
): Promise<void> {
  const { duration_us: end } = recording;
  const state = { at: 0, speed: first, paused: false, over: false };
  const seek = (by: number): void => {
    state.at = Math.min(end, Math.max(0, state.at + by));
  };
  const acts = new Map<string, () => void>([
    [' ', () => (state.paused = !state.paused)],
    ['q', () => (state.over = true)],
    ['\u0003', () => (state.over = true)],
    ['\u001B[C', () => seek(leap_us)],
    ['\u001B[D', () => seek(-leap_us)],
    ['+', () => (state.speed = Math.min(fastest, state.speed * 2))],
    ['-', () => (state.speed = Math.max(1 / 8, state.speed / 2))],
  ]);
  const ends = terminal.keys((key) => acts.get(key)?.());
  // The other screen, and back from it at the end.
  terminal.write('\u001B[?1049h\u001B[?25l');
  let shown = '';
  let before = clock.now();
  try {
    while (!state.over) {
      // oxlint-disable no-await-in-loop -- one picture after the other
      const picture = await pictureOf(terminal, recording, state);
      if (picture !== shown) terminal.write(picture);
      shown = picture;
      if (state.at >= end && !state.paused) break;
      await new Promise<void>((resolve) => void clock.after(tick, resolve));
      // oxlint-enable no-await-in-loop
      const now = clock.now();
      if (!state.paused) seek((now - before) * 1000 * state.speed);
      before = now;
    }
  } finally {
    ends();
    terminal.write('\u001B[0m\u001B[r\u001B[?25h\u001B[?1049l');
  }
}

async function pictureOf(
  { cols, rows }: PlayerTerminal,
  recording: PlayedRecording,
  { at, speed, paused }: { at: number; speed: number; paused: boolean },
): Promise<string> {
  const { keyframe } = await recording.screenAt(at);
  const time = new Date(recording.began + Math.floor(at / 1000)).toISOString();
  const left = `${(at / 1e6).toFixed(0)} / ${(recording.duration_us / 1e6).toFixed(0)} s`;
  const line = ` ${paused ? 'PAUSED' : `${speed}x`}  ${time}  ${left}  ${help}`;
  const needs = keyframe && keyframe.size;
  const fits = needs !== undefined && needs.cols <= cols && needs.rows < rows;
  const screen = fits
    ? withoutModes(keyframe?.screen ?? '')
    : `Its terminal had ${needs?.cols} x ${needs?.rows}: make this one larger than ${cols} x ${rows}.`;
  // What scrolls in it leaves the last line alone.
  const region = `\u001B[1;${rows - 1}r`;
  const told = `\u001B[${rows};1H\u001B[7m${line.slice(0, cols).padEnd(cols)}\u001B[0m`;
  return `\u001B[0m\u001B[r\u001B[2J${region}\u001B[H${screen}\u001B[0m\u001B[r${told}`;
}

/**
 * A screen without the modes that a program set: keys, mouse and pastes of whoever looks stay theirs. Of two screens the
 * one that was seen.
 */
export const withoutModes = (screen: string): string =>
  (screen.split('\u001B[?1049h').at(-1) ?? '')
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    .replaceAll(/\u001B(?:\[\?[\d;]*[hl]|\[[\d;]*[hlr]|[=>c])/g, '');
