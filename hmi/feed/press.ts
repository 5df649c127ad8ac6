// What a command button does with a finger, an answer and time: a pure machine, one for each button.
// A stop is one tap, and so is what moves nothing; a start is held for a second; other commands are confirmed;
// a jog runs while it is pressed.

export type Kind = 'stop' | 'tap' | 'start' | 'confirm' | 'keep';

export const holdTime_ms = 1000;
export const askTime_ms = 5000;
export const debounce_ms = 250;
const receiptTime_ms = 3000;
const doneTime_ms = 6000;
const showTime_ms = 4000;
const silentTime_ms = 8000;

export type Phase =
  | { readonly name: 'idle'; readonly since: number }
  /** A start's finger is down. */
  | { readonly name: 'holding'; readonly since: number }
  /** Tapped once; a second tap acts. */
  | { readonly name: 'asking'; readonly since: number }
  /** A jog's finger is down. */
  | { readonly name: 'down'; readonly since: number }
  | { readonly name: 'sent'; readonly since: number; readonly id: string }
  | { readonly name: 'accepted'; readonly since: number; readonly id: string }
  | { readonly name: 'done'; readonly since: number; readonly outcome: string }
  | { readonly name: 'refused'; readonly since: number; readonly reason: string }
  | { readonly name: 'silent'; readonly since: number };

export type Event = { readonly at: number } &
  /** Finger or key down; up on the same target; left it, or the window lost the eye. */
  (
    | { readonly type: 'press' }
    | { readonly type: 'release' }
    | { readonly type: 'leave' }
    /** A whole tap on one target. `id` is for the act, if one follows. */
    | { readonly type: 'tap'; readonly id: string }
    | { readonly type: 'tick'; readonly id: string }
    | { readonly type: 'receipt'; readonly id: string; readonly refused?: string }
    | { readonly type: 'done'; readonly id: string; readonly outcome: string }
    /** The connection is gone. */
    | { readonly type: 'lost' }
  );

/** `act`: send it, under the event's id. `keep`: say that the hand is there. `let-go`: that it is not. */
export type Effect = 'act' | 'keep' | 'let-go' | undefined;
export interface Step {
  readonly phase: Phase;
  readonly effect?: Effect;
}

export const idle: Phase = { name: 'idle', since: Number.NEGATIVE_INFINITY };

/** The next phase, and what is to be sent. Sends nothing itself, and never anything twice for one tap. */
export function step(kind: Kind, phase: Phase, event: Event): Step {
  switch (event.type) {
    case 'press':
      return press(kind, phase, event.at);
    case 'release':
    case 'leave':
      return letGo(phase, event.at);
    case 'tap':
      return tap(kind, phase, event);
    case 'tick':
      return tick(phase, event);
    case 'receipt':
      return receipt(phase, event);
    case 'done':
      if (!isOf(phase, event.id)) return { phase };
      return { phase: { name: 'done', since: event.at, outcome: event.outcome } };
    case 'lost':
      return lost(phase, event.at);
  }
}

function press(kind: Kind, phase: Phase, at: number): Step {
  if (!isFree(phase)) return { phase };
  if (kind === 'start') return { phase: { name: 'holding', since: at } };
  if (kind === 'keep') return { phase: { name: 'down', since: at }, effect: 'keep' };
  return { phase };
}

function letGo(phase: Phase, at: number): Step {
  if (phase.name === 'holding') return { phase: { name: 'idle', since: at } };
  if (phase.name === 'down') return { phase: { name: 'idle', since: at }, effect: 'let-go' };
  return { phase };
}

function tap(kind: Kind, phase: Phase, event: { at: number; id: string }): Step {
  const { at, id } = event;
  if (at - phase.since < debounce_ms) return { phase };
  // A stop may be tapped again whatever became of the first.
  if (kind === 'stop' || (kind === 'tap' && isFree(phase))) {
    return { phase: { name: 'sent', since: at, id }, effect: 'act' };
  }
  if (kind !== 'confirm') return { phase };
  if (phase.name === 'asking') return { phase: { name: 'sent', since: at, id }, effect: 'act' };
  return isFree(phase) ? { phase: { name: 'asking', since: at } } : { phase };
}

function tick(phase: Phase, event: { at: number; id: string }): Step {
  const { at, id } = event;
  const past = at - phase.since;
  const back: Step = { phase: { name: 'idle', since: at } };
  switch (phase.name) {
    case 'idle':
      return { phase };
    case 'holding':
      if (past < holdTime_ms) return { phase };
      return { phase: { name: 'sent', since: at, id }, effect: 'act' };
    case 'asking':
      return past < askTime_ms ? { phase } : back;
    case 'down':
      return { phase, effect: 'keep' };
    case 'sent':
      return past < receiptTime_ms ? { phase } : { phase: { name: 'silent', since: at } };
    case 'accepted':
      return past < doneTime_ms ? { phase } : { phase: { name: 'silent', since: at } };
    case 'done':
    case 'refused':
      return past < showTime_ms ? { phase } : back;
    case 'silent':
      return past < silentTime_ms ? { phase } : back;
  }
}

function receipt(phase: Phase, event: { at: number; id: string; refused?: string }): Step {
  const { at, id, refused } = event;
  // Of a jog only a refusal matters: it ends it. Its answers carry ids of their own.
  const mine = isOf(phase, id) || (phase.name === 'down' && refused !== undefined);
  if (!mine) return { phase };
  if (refused !== undefined) return { phase: { name: 'refused', since: at, reason: refused } };
  return { phase: { name: 'accepted', since: at, id } };
}

function lost(phase: Phase, at: number): Step {
  if (phase.name === 'sent' || phase.name === 'accepted') {
    return { phase: { name: 'silent', since: at } };
  }
  const held = phase.name === 'holding' || phase.name === 'asking' || phase.name === 'down';
  return held ? { phase: { name: 'idle', since: at } } : { phase };
}

const isFree = (phase: Phase): boolean =>
  phase.name === 'idle' ||
  phase.name === 'done' ||
  phase.name === 'refused' ||
  phase.name === 'silent';

const isOf = (phase: Phase, id: string): boolean =>
  (phase.name === 'sent' || phase.name === 'accepted') && phase.id === id;
