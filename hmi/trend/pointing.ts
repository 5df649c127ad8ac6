// Fingers, mouse and keys on a trend: a tap picks the moment, a drag moves the window (or the moment of a recording), two fingers or a wheel zoom.
// Each of these has a button or a key too.
import type { HTMLAttributes } from 'preact';
import { held, moment, now, view } from './pens.ts';
import { moved, showing, windowOf, zoomed } from './view.ts';

/** CSS pixels that a finger may tremble in a tap. */
const tremble = 12;
const keyStep = 0.01;
const keyLeap = 0.1;
const zoomStep = 2;
const wheelStep = 1.25;

interface Place {
  readonly left: number;
  readonly width: number;
}
interface Down {
  readonly start: number;
  x: number;
  dragged: boolean;
}
const fingers = new Map<number, Down>();

type Handlers = Pick<
  HTMLAttributes<HTMLDivElement>,
  'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel'
>;

/** `place`: where in the element the window begins, and how wide it is. */
export function followPointers(place: Place): Handlers {
  const at = (element: HTMLElement, x: number): number =>
    (x - element.getBoundingClientRect().left - place.left) / place.width;
  const pick = ({
    currentTarget,
    clientX,
  }: {
    currentTarget: HTMLElement;
    clientX: number;
  }): void => {
    const { from } = windowOf(view.value, now.value);
    read(from + at(currentTarget, clientX) * view.value.span);
  };
  return {
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      fingers.set(event.pointerId, { start: event.clientX, x: event.clientX, dragged: false });
    },
    onPointerMove: (event) => {
      const finger = fingers.get(event.pointerId);
      if (finger === undefined) return;
      const [one, other] = fingers.values();
      const before = one === undefined || other === undefined ? 0 : Math.abs(one.x - other.x);
      const by = event.clientX - finger.x;
      finger.dragged ||= Math.abs(event.clientX - finger.start) > tremble;
      if (!finger.dragged) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      finger.x = event.clientX;
      if (one !== undefined && other !== undefined) {
        const after = Math.max(1, Math.abs(one.x - other.x));
        const middle = at(event.currentTarget, (one.x + other.x) / 2);
        zoom(Math.max(1, before) / after, middle);
      } else if (held.value !== undefined) pick(event);
      else view.value = moved(view.value, -by / place.width, now.value);
    },
    onPointerUp: (event) => {
      const finger = fingers.get(event.pointerId);
      fingers.delete(event.pointerId);
      if (finger === undefined || finger.dragged) return;
      pick(event);
    },
    onPointerCancel: (event) => void fingers.delete(event.pointerId),
  };
}

/** A wheel zooms at the pointer; the page is then not scrolled. */
export function followWheel(element: HTMLElement, width: () => number): () => void {
  const turn = (event: WheelEvent): void => {
    if (event.deltaY === 0 || event.shiftKey) return;
    event.preventDefault();
    const { right } = element.getBoundingClientRect();
    zoom(event.deltaY > 0 ? wheelStep : 1 / wheelStep, 1 - (right - event.clientX) / width());
  };
  element.addEventListener('wheel', turn, { passive: false });
  return () => element.removeEventListener('wheel', turn);
}

/** Arrows move the moment, with Shift the window; plus and minus zoom; End goes back to now. */
export function pressKey(event: KeyboardEvent): void {
  const direction = event.key === 'ArrowLeft' ? -1 : 1;
  switch (event.key) {
    case 'ArrowLeft':
    case 'ArrowRight':
      if (event.shiftKey) pan(direction * keyLeap);
      else move(direction * keyStep);
      break;
    case 'PageUp':
      move(-keyLeap);
      break;
    case 'PageDown':
      move(keyLeap);
      break;
    case 'Home':
      read(held.value?.from ?? windowOf(view.value, now.value).from);
      break;
    case 'End':
      if (held.value === undefined) follow();
      else read(held.value.to);
      break;
    case '+':
      zoom(1 / zoomStep, 0.5);
      break;
    case '-':
      zoom(zoomStep, 0.5);
      break;
    default:
      return;
  }
  event.preventDefault();
}

/** Reads the values of this moment; it is brought into the window. */
export function read(time: number): void {
  const { from, to } = held.value ?? { from: 0, to: now.value };
  const within = Math.min(to, Math.max(from, Math.round(time)));
  view.value = showing(view.value, within, now.value);
  moment.value = within;
}

function move(share: number): void {
  const { to } = windowOf(view.value, now.value);
  read((moment.value ?? to) + share * view.value.span);
}

export function pan(share: number): void {
  view.value = moved(view.value, share, now.value);
}

/** `anchor`: what stays where it is; at the right end of a window that follows, it goes on following. */
export function zoom(factor: number, anchor: number): void {
  const ends = view.value.end === undefined && anchor > 0.9;
  view.value = zoomed(view.value, factor, ends ? 1 : anchor, now.value);
}

/** To the newest values, and on with them. */
export function follow(): void {
  moment.value = undefined;
  view.value = { span: view.value.span, end: undefined };
}
