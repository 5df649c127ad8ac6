// Buttons that act on the machine: what a finger does goes through press.ts, what comes back is written on the button.
// Without a live connection a button is dead, and says so.
import { signal, useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { keep_ms } from '#contract/pace.ts';
import type { Verb } from '#contract/verbs.ts';
import { acts, connected, store } from '#hmi/feed/cell.ts';
import { lackOf } from '#hmi/feed/me.ts';
import { asksReason, reason } from '#hmi/feed/reason.ts';
import { newId } from '#hmi/feed/acts.ts';
import type { Act, Answer } from '#hmi/feed/acts.ts';
import { wasDone } from '#contract/outcome.ts';
import { idle, step } from '#hmi/feed/press.ts';
import type { Event, Kind, Phase } from '#hmi/feed/press.ts';
import type { Standing } from '#hmi/feed/store.ts';
import { t } from '#hmi/i18n/text.ts';
import type { Key } from '#hmi/i18n/text.ts';
import { askReason } from './reason.tsx';

/** Fingers that are down on a button: while there is one, no button may move or go. */
export const hands = signal(0);

interface ActButtonProps {
  readonly kind: Kind;
  readonly title: string;
  readonly verb: Verb;
  readonly args: Act['args'];
  /** The flow that the person sees: had it moved since, the act would be refused. A stop carries none. */
  readonly flow?: string;
  /** Why it cannot be pressed now, in words; the connection is seen to here. */
  readonly blocked?: string;
  readonly small?: boolean;
}

type NoTime<E> = E extends unknown ? Omit<E, 'at'> : never;

export function ActButton(props: ActButtonProps): JSX.Element {
  const { kind, title, small } = props;
  const { phase, feed, see } = usePress(props);
  const held = connected.value ? props.blocked : t('press.offline');
  const silent = reason.value === '' && asksReason(props.verb, props.args);
  const blocked = held ?? (silent ? t('press.why') : undefined);
  const dead = blocked !== undefined && phase.name !== 'down';
  const press = (): void => {
    if (dead) return;
    see();
    feed({ type: 'press' });
  };
  return (
    <button
      type="button"
      class={`act ${kind} ${small === true ? 'small' : ''} ${phase.name}`}
      aria-disabled={dead}
      data-phase={phase.name}
      onPointerDown={(event) => {
        // A finger that slides off has left, as a mouse has.
        event.currentTarget.releasePointerCapture(event.pointerId);
        press();
      }}
      onPointerUp={() => feed({ type: 'release' })}
      onPointerLeave={() => feed({ type: 'leave' })}
      onPointerCancel={() => feed({ type: 'leave' })}
      onBlur={() => feed({ type: 'leave' })}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!isPress(event.key)) return;
        // A key that stays down is one press: the browser would make a click of each repeat.
        if (event.repeat) event.preventDefault();
        else press();
      }}
      onKeyUp={(event) => {
        if (isPress(event.key)) feed({ type: 'release' });
      }}
      onClick={() => {
        if (!dead) feed({ type: 'tap', id: newId() });
        else if (held === undefined) askReason();
      }}
    >
      <span class="fill" aria-hidden="true" />
      <span class="title">{title}</span>
      <span class="hint" aria-live="polite">
        {hintOf(kind, phase, blocked)}
      </span>
    </button>
  );
}

interface Press {
  readonly phase: Phase;
  readonly feed: (event: NoTime<Event>) => void;
  /** A finger comes down: what it sees is what the act will expect. */
  readonly see: () => void;
}

/** One button's machine, its sending and its ticks. */
function usePress({ kind, verb, args, flow }: ActButtonProps): Press {
  const phase = useSignal<Phase>(idle);
  const seen = useRef<Standing | undefined>(undefined);
  const feed = (event: NoTime<Event>): void => {
    const next = step(kind, phase.peek(), { ...event, at: performance.now() });
    phase.value = next.phase;
    if (next.effect === 'act') send('id' in event ? event.id : newId(), verb, args);
    if (next.effect === 'keep') send(newId(), 'keep', { ...args, down: true });
    if (next.effect === 'let-go') send(newId(), 'keep', { ...args, down: false });
  };
  const send = (id: string, what: Verb, about: Act['args']): void => {
    const expect = kind === 'stop' || what === 'keep' ? undefined : expectOf(flow, seen.current);
    const said = asksReason(what, about) ? { reason: reason.peek() } : {};
    const act: Act = { id, verb: what, args: { ...about, ...said } };
    acts.send(expect === undefined ? act : { ...act, expect }, (answer) =>
      feed(eventOf(id, answer)),
    );
  };
  const latest = useRef(feed);
  latest.current = feed;
  // A button that leaves the screen under a finger lets go.
  useEffect(() => () => latest.current({ type: 'leave' }), []);
  useSignalEffect(() => {
    if (!connected.value) latest.current({ type: 'lost' });
  });
  useTicks(phase.value.name, () => latest.current({ type: 'tick', id: newId() }));
  useHand(phase.value.name, () => latest.current({ type: 'leave' }));
  const see = (): void => {
    if (flow !== undefined && phase.peek().name !== 'asking') seen.current = store.standing(flow);
  };
  return { phase: phase.value, feed, see };
}

/** Counts the finger while it is down; a page that is looked away from has no hand on it. */
function useHand(phase: Phase['name'], leave: () => void): void {
  const down = phase === 'holding' || phase === 'down';
  useEffect(() => {
    if (!down) return undefined;
    hands.value += 1;
    window.addEventListener('blur', leave);
    document.addEventListener('visibilitychange', leave);
    return () => {
      hands.value -= 1;
      window.removeEventListener('blur', leave);
      document.removeEventListener('visibilitychange', leave);
    };
  }, [down]);
}

/**
 * What the person saw when the finger came down: had the flow moved since, control refuses the act. While it has not,
 * the newest entry counts, for those that recorded its last move may be newer than the frame that showed it.
 */
function expectOf(flow: string | undefined, seen: Standing | undefined): Act['expect'] {
  if (flow === undefined || seen === undefined) return undefined;
  const now = store.standing(flow);
  return { flow, seq: now.moved === seen.moved ? now.seq : seen.seq };
}

/** Runs while something is under way; a resting button costs nothing. */
function useTicks(phase: Phase['name'], tick: () => void): void {
  useEffect(() => {
    if (phase === 'idle') return undefined;
    const timer = setInterval(tick, keep_ms);
    return () => clearInterval(timer);
  }, [phase]);
}

const isPress = (key: string): boolean => key === ' ' || key === 'Enter';

function eventOf(id: string, answer: Answer): NoTime<Event> {
  if (answer.type === 'lost') return { type: 'lost' };
  if (answer.type === 'done') return { type: 'done', id, outcome: answer.outcome };
  if (answer.result === 'accepted') return { type: 'receipt', id };
  return { type: 'receipt', id, refused: answer.reason ?? answer.code ?? '' };
}

const resting: Readonly<Record<Kind, Key>> = {
  stop: 'press.stop',
  tap: 'press.stop',
  start: 'press.hold',
  confirm: 'press.tap',
  keep: 'press.keep',
};

function hintOf(kind: Kind, phase: Phase, blocked: string | undefined): string {
  switch (phase.name) {
    case 'idle':
      return blocked ?? t(resting[kind]);
    case 'holding':
      return t('press.holding');
    case 'asking':
      return t('press.ask');
    case 'down':
      return t('press.down');
    case 'sent':
      return t('press.sent');
    case 'accepted':
      return t('press.accepted');
    case 'done':
      return outcomeText(phase.outcome);
    case 'refused':
      return t('press.refused', { reason: phase.reason });
    case 'silent':
      return t('press.silent');
  }
}

/** What became of an act, as control says it, in the language of the page. */
function outcomeText(outcome: string): string {
  if (wasDone(outcome)) return t('press.done');
  const state = /^ignored in (\S+)/.exec(outcome)?.[1];
  if (state !== undefined) return t('press.passed', { state });
  return outcome.startsWith('expired') ? t('press.expired') : t('press.ignored', { outcome });
}

/** Answers one alarm. */
export function AckButton({ alarm }: { alarm: string }): JSX.Element {
  const blocked = lackOf('acknowledge');
  return (
    <ActButton
      kind="tap"
      title={t('alarms.ack')}
      verb="acknowledge"
      args={{ alarm }}
      small
      {...(blocked === undefined ? {} : { blocked })}
    />
  );
}

/** Lets a flow go on that stands since a restart or a fault. */
export function ResumeButton({ flow }: { flow: string }): JSX.Element {
  const blocked = lackOf('command');
  return (
    <ActButton
      kind="start"
      title={t('now.resume')}
      verb="resume"
      args={{ flow }}
      {...(blocked === undefined ? {} : { blocked })}
    />
  );
}
