// Buttons that act on the machine: what a finger does goes through press.ts, what comes back is written on the button.
// Without a live connection a button is dead, and says so.
import { useSignal, useSignalEffect } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { keep_ms } from '#contract/pace.ts';
import type { Verb } from '#contract/wire.ts';
import { acts, connected, store } from '#hmi/feed/cell.ts';
import { newId } from '#hmi/feed/acts.ts';
import type { Act, Answer } from '#hmi/feed/acts.ts';
import { idle, step, wasDone } from '#hmi/feed/press.ts';
import type { Event, Kind, Phase } from '#hmi/feed/press.ts';
import { t } from '#hmi/i18n/text.ts';

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
  const phase = useSignal<Phase>(idle);
  const seen = useRef<number | undefined>(undefined);
  const blocked = connected.value ? props.blocked : t('press.offline');

  const feed = (event: NoTime<Event>): void => {
    const id = 'id' in event ? event.id : '';
    const next = step(kind, phase.peek(), { ...event, at: performance.now() });
    phase.value = next.phase;
    if (next.effect === 'act') send(id, props.verb, props.args);
    if (next.effect === 'keep') send(newId(), 'keep', { ...props.args, down: true });
    if (next.effect === 'let-go') send(newId(), 'keep', { ...props.args, down: false });
  };
  const send = (id: string, verb: Verb, args: Act['args']): void => {
    const expect = {
      ...(props.flow === undefined ? {} : { flow: props.flow }),
      ...(seen.current === undefined ? {} : { seq: seen.current }),
    };
    const plain = kind === 'stop' || verb === 'keep';
    acts.send(plain ? { id, verb, args } : { id, verb, args, expect }, (answer) =>
      feed(eventOf(id, answer)),
    );
  };

  // A button that leaves the screen under a finger lets go.
  const leave = useRef(feed);
  leave.current = feed;
  useEffect(() => () => leave.current({ type: 'leave' }), []);
  useTicks(phase.value.name, () => feed({ type: 'tick', id: newId() }));
  useSignalEffect(() => {
    if (!connected.value) feed({ type: 'lost' });
  });

  const dead = blocked !== undefined && phase.value.name !== 'down';
  const press = (): void => {
    if (dead) return;
    if (phase.peek().name !== 'asking') seen.current = store.seq;
    feed({ type: 'press' });
  };
  return (
    <button
      type="button"
      class={`act ${kind} ${small === true ? 'small' : ''} ${phase.value.name}`}
      aria-disabled={dead}
      data-phase={phase.value.name}
      onPointerDown={press}
      onPointerUp={() => feed({ type: 'release' })}
      onPointerLeave={() => feed({ type: 'leave' })}
      onPointerCancel={() => feed({ type: 'leave' })}
      onBlur={() => feed({ type: 'leave' })}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (!event.repeat && isPress(event.key)) press();
      }}
      onKeyUp={(event) => {
        if (isPress(event.key)) feed({ type: 'release' });
      }}
      onClick={() => {
        if (!dead) feed({ type: 'tap', id: newId() });
      }}
    >
      <span class="fill" aria-hidden="true" />
      <span class="title">{title}</span>
      <span class="hint" aria-live="polite">
        {hintOf(kind, phase.value, blocked)}
      </span>
    </button>
  );
}

/** Runs while something is under way; a resting button costs nothing. */
function useTicks(phase: Phase['name'], tick: () => void): void {
  const latest = useRef(tick);
  latest.current = tick;
  useEffect(() => {
    if (phase === 'idle') return undefined;
    const timer = setInterval(() => latest.current(), keep_ms);
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

const resting: Readonly<Record<Kind, string>> = {
  stop: t('press.stop'),
  tap: t('press.stop'),
  start: t('press.hold'),
  confirm: t('press.tap'),
  keep: t('press.keep'),
};

function hintOf(kind: Kind, phase: Phase, blocked: string | undefined): string {
  switch (phase.name) {
    case 'idle':
      return blocked ?? resting[kind];
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
      return wasDone(phase.outcome)
        ? t('press.done')
        : t('press.ignored', { outcome: phase.outcome });
    case 'refused':
      return t('press.refused', { reason: phase.reason });
    case 'silent':
      return t('press.silent');
  }
}

/** Answers one alarm. */
export function AckButton({ alarm }: { alarm: string }): JSX.Element {
  const blocked = store.link.value?.actor == null ? t('press.signIn') : undefined;
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
  const blocked = store.link.value?.actor == null ? t('press.signIn') : undefined;
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
