// A recording that is played, and the trend of the same minutes: one moment for both, whichever of them is moved.
import { useSignal, useSignalEffect } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { readFrames, readRecording } from '#contract/recording-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import type { Answer } from '#hmi/feed/ask.ts';
import { refusalText } from '#hmi/i18n/refusals.ts';
import { t } from '#hmi/i18n/text.ts';
import { QuietTerminal } from '#hmi/shell/quiet-terminal.ts';
import { held, moment, startPens, view } from '#hmi/trend/pens.ts';
import { Player } from './player.ts';

export type Recording = Answer<typeof readRecording>;

const tick_ms = 50;
/** Of the machine's time, before and after the recording. */
const room = 0.05;
const leastRoom_ms = 5000;
/** A moment that is so near to what is shown is the same. */
const near_ms = 60;

export interface Playing {
  readonly place: RefObject<HTMLDivElement | null>;
  /** µs since the session began. */
  readonly at: Signal<number>;
  /** How fast time goes; 0: it stands. */
  readonly speed: Signal<number>;
  /** Why nothing is shown. */
  readonly notice: Signal<string>;
  readonly seek: (to_us: number) => void;
}

export function usePlayer({ recording, size }: Recording): Playing {
  const { began, duration_us, session } = recording;
  const place = useRef<HTMLDivElement>(null);
  const player = useRef<Player | undefined>(undefined);
  const [at, speed, notice] = [useSignal(0), useSignal<number>(0), useSignal('')];
  const show = (at_us: number): void => {
    at.value = Math.min(duration_us, Math.max(0, at_us));
    moment.value = Math.round(began + at.value / 1000);
  };
  const seek = (to_us: number): void => {
    show(to_us);
    void player.current?.seek(at.value);
  };
  useEffect(() => {
    const ends = beside(recording);
    const terminal = new QuietTerminal({ label: t('room.terminal') });
    const glass = place.current;
    if (glass !== null) terminal.open(glass);
    terminal.resize(size);
    const fit = (): void => showAll(terminal, glass);
    const sized = new ResizeObserver(fit);
    if (glass !== null) sized.observe(glass);
    player.current = new Player({
      page: async (query) => {
        const page = await ask<typeof readFrames>('GET', '/api/recordings/:id/frames', {
          params: { id: session },
          query,
        });
        notice.value = page.kind === 'failed' ? refusalText(page) : '';
        return page.kind === 'answer' ? page.answer : undefined;
      },
      write: async (bytes) => {
        await terminal.write(bytes);
        if (glass !== null) followCursor(terminal, glass);
      },
      resize: (next) => {
        terminal.resize(next);
        fit();
      },
    });
    seek(0);
    return () => {
      ends();
      sized.disconnect();
      terminal.dispose();
    };
  }, []);
  useTime(speed, (by_us) => {
    player.current?.advance(by_us);
    show(at.value + by_us);
    if (at.value >= duration_us) speed.value = 0;
  });
  // A finger on the machine's time line moves the terminal too.
  useSignalEffect(() => {
    const picked = moment.value;
    if (picked === undefined || Math.abs(picked - (began + at.peek() / 1000)) <= near_ms) return;
    const within = Math.min(duration_us, Math.max(0, (picked - began) * 1000));
    if (within === at.peek()) return;
    at.value = within;
    void player.current?.seek(within);
  });
  return { place, at, speed, notice, seek };
}

/** CSS pixels of its letters. */
const letters = { least: 11, most: 16 };

function showAll(terminal: QuietTerminal, glass: HTMLElement | null): void {
  terminal.scale(letters.least, letters.most);
  if (glass !== null) followCursor(terminal, glass);
}

/** A terminal that is larger than its place shows where things happen. */
function followCursor({ depth }: QuietTerminal, glass: HTMLElement): void {
  glass.scrollTop = Math.max(0, depth * glass.scrollHeight - glass.clientHeight);
}

/** Shows the machine's minutes of the recording, until the result is called: then the trend is as it was. */
function beside({ began, duration_us }: Recording['recording']): () => void {
  const before = { view: view.peek(), moment: moment.peek() };
  held.value = { from: began, to: Math.ceil(began + duration_us / 1000) };
  const around = Math.max(leastRoom_ms, (room * duration_us) / 1000);
  const span = Math.ceil(duration_us / 1000 + 2 * around);
  view.value = { span, end: Math.ceil(began - around) + span };
  const ends = startPens(false);
  return () => {
    ends();
    held.value = undefined;
    view.value = before.view;
    moment.value = before.moment;
  };
}

/** Calls `advance` with the µs that went by, while time goes on. */
function useTime(speed: Signal<number>, advance: (by_us: number) => void): void {
  const latest = useRef(advance);
  latest.current = advance;
  useEffect(() => {
    if (speed.value === 0) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      latest.current((now - before) * 1000 * speed.value);
      before = now;
    }, tick_ms);
    return () => clearInterval(timer);
  }, [speed.value]);
}
