// The one cell of this page: socket, store, acts and clocks put together, and what screens read of them.
import { batch, effect, signal } from '@preact/signals';
import { liveProtocol } from '#contract/pace.ts';
import { Acts } from './acts.ts';
import { Freshness } from './freshness.ts';
import { LiveSocket } from './socket.ts';
import { CellStore } from './store.ts';

export const store = new CellStore();
/** True while control's last frame is young and the picture whole. Nothing may look live otherwise. */
export const live = signal(false);
/** Age of control's last frame in whole seconds; infinite when there was none. */
export const age = signal(Number.POSITIVE_INFINITY);
/** The cell's UTC, in steps of a quarter second; stands while the picture is not live. */
export const cellTime = signal(0);
/** Commands can leave now. */
export const connected = signal(false);
/** What went wrong with the link that opened this page. */
export const linkProblem = signal<'used' | 'failed' | undefined>(undefined);
/** Flows of which some screen shows why they wait. */
export const watched = signal<readonly string[]>([]);

const clockPace_ms = 250;
const signInTime_ms = 2000;
const restartedTime_ms = 8000;
const freshness = new Freshness();
let flushing = false;
let acknowledged = -1;

const socket = new LiveSocket(
  {
    open: (events) => {
      const address = new URL('live', location.href);
      address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
      address.hash = '';
      const wire = new WebSocket(address, liveProtocol);
      wire.addEventListener('open', () => events.opened());
      wire.addEventListener('message', ({ data }) => events.text(String(data)));
      wire.addEventListener('close', () => events.closed());
      return wire;
    },
    after: (delay, run) => {
      const timer = setTimeout(run, delay);
      return () => clearTimeout(timer);
    },
    random: Math.random,
  },
  {
    opened: () => {
      acknowledged = -1;
      socket.send({ type: 'watch', flows: [...watched.value] });
    },
    message: (message) => {
      if (message.type === 'link') freshness.hear(message, performance.now());
      if (message.type === 'receipt' || message.type === 'done') acts.take(message);
      else if (!store.take(message)) socket.send({ type: 'resync' });
      flushSoon();
    },
    closed: () => {
      store.disconnected();
      acts.lost();
      look();
    },
  },
);
export const acts = new Acts((message) => live.value && socket.send(message));

/** Opens the connection and starts the clocks. */
export function startFeed(): void {
  socket.start();
  setInterval(look, clockPace_ms);
  effect(() => {
    const flows = [...watched.value];
    socket.send({ type: 'watch', flows });
  });
}

/** The connection is somebody else's from now on: what the old one was to answer is lost. */
export function reopen(): void {
  acts.lost();
  socket.reopen();
}

/** Trades the key of a link for a session, once. */
export async function signIn(key: string): Promise<void> {
  try {
    const answer = await fetch('session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
      signal: AbortSignal.timeout(signInTime_ms),
    });
    // A refusal is of the link; what failed otherwise leaves it good.
    const problem = answer.status === 403 ? 'used' : 'failed';
    linkProblem.value = answer.ok ? undefined : problem;
  } catch {
    linkProblem.value = 'failed';
  }
}

/** One flush for each frame of the screen, however many messages came. */
function flushSoon(): void {
  if (flushing) return;
  flushing = true;
  requestAnimationFrame(() => {
    flushing = false;
    look();
  });
}

function look(): void {
  const at = performance.now();
  batch(() => {
    const frame = store.publish(at);
    live.value = store.whole && freshness.live(at);
    age.value = Math.floor(freshness.age(at) / 1000);
    cellTime.value = Math.floor(freshness.time(at) / clockPace_ms) * clockPace_ms;
    connected.value = live.value && socket.up && store.link.value?.control === 'up';
    const since = store.restarted.value;
    if (since !== undefined && cellTime.value - since > restartedTime_ms) {
      store.restarted.value = undefined;
    }
    if (frame !== undefined && frame !== acknowledged && socket.up) {
      acknowledged = frame;
      socket.send({ type: 'ack', frame });
    }
  });
}
