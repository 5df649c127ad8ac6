// A terminal joined to a shell, for as long as its place is drawn: what it shows, what is typed into it, and what is
// told of the shell meanwhile.
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';
import type { Part, SessionView } from '#contract/shell.ts';
import type { joinShell } from '#contract/shell-routes.ts';
import { shellPath, shellProtocol } from '#contract/shell-frames.ts';
import { newId } from '#hmi/feed/acts.ts';
import { ask } from '#hmi/feed/ask.ts';
import { refusalText } from '#hmi/i18n/refusals.ts';
import { t } from '#hmi/i18n/text.ts';
import { ShellConnection } from './connection.ts';
import type { ShellDeps, ShellWire, ShellWireEvents } from './connection.ts';
import { QuietTerminal } from './quiet-terminal.ts';

/** A paste of lines that waits for a yes. */
export interface Paste {
  readonly text: string;
  readonly lines: number;
}

export interface JoinedTerminal {
  readonly place: RefObject<HTMLDivElement | null>;
  readonly view: Signal<SessionView | undefined>;
  /** As what whoever is here takes part: the keyboard can change hands. */
  readonly part: Signal<Part>;
  readonly up: Signal<boolean>;
  /** The last thing that was refused, or the end of the program. */
  readonly notice: Signal<string>;
  readonly paste: Signal<Paste | undefined>;
  readonly type: (text: string) => void;
  /** The person here did something. */
  readonly act: () => void;
  readonly focus: () => void;
}

export function useTerminal(id: string, asked: Part): JoinedTerminal {
  const place = useRef<HTMLDivElement>(null);
  const connection = useRef<ShellConnection | undefined>(undefined);
  const terminal = useRef<QuietTerminal | undefined>(undefined);
  const view = useSignal<SessionView | undefined>(undefined);
  const [up, notice] = [useSignal(false), useSignal('')];
  const say = (text: string): void => void (notice.value = text);
  const paste = useSignal<Paste | undefined>(undefined);
  const part = useSignal(asked);
  const typed = (text: string, lines: number): void => {
    if (lines > 0) paste.value = { text, lines };
    else connection.current?.type(text);
  };
  useEffect(() => {
    const made = new QuietTerminal({ label: t('room.terminal'), typed });
    made.mute(true);
    const joined = new ShellConnection(
      depsOf(id, part, (text) => {
        notice.value = text;
      }),
      made,
      {
        up: (there) => {
          up.value = there;
          if (there) notice.value = '';
        },
        says: (says) => {
          if (says.type === 'welcome') part.value = says.part;
          if (says.type === 'welcome' || says.type === 'state') view.value = says.view;
          if (says.type === 'refused') notice.value = refusalText(says);
        },
        shut: (code) => {
          say(refusalText({ code, text: code }));
          // The keyboard went to somebody else, or to another page of whoever is here: who had it is a peer.
          if (code === 'E_SHELL_PART' && part.peek() === 'driver') part.value = 'peer';
        },
        exited: (code) => say(t('room.exited', { code })),
      },
      newId(),
    );
    terminal.current = made;
    connection.current = joined;
    const ends = [show(made, place.current, joined, part), watchHands(joined)];
    void joined.start();
    return () => {
      for (const end of ends) end();
      joined.end();
      made.dispose();
    };
  }, []);
  const types = part.value === 'driver' && up.value && view.value?.state === 'Running';
  // With the picture that says so, not after it: keys are taken as soon as it is seen that they are.
  useLayoutEffect(() => {
    terminal.current?.mute(!types);
    if (place.current !== null) place.current.dataset['types'] = String(types);
    if (types) terminal.current?.focus();
    else paste.value = undefined;
  }, [types]);
  return {
    place,
    view,
    part,
    up,
    notice,
    paste,
    type: (text) => void connection.current?.type(text),
    act: () => connection.current?.act(),
    focus: () => terminal.current?.focus(),
  };
}

/** The driver's is as large as its place, and so is the program's; the others' are as large as the driver's. */
function show(
  terminal: QuietTerminal,
  place: HTMLElement | null,
  connection: ShellConnection,
  part: Signal<Part>,
): () => void {
  if (place === null) return () => undefined;
  terminal.open(place);
  const fit = (): void => {
    const size = part.peek() === 'driver' ? terminal.fit() : undefined;
    if (size !== undefined) connection.resize(size);
  };
  const sized = new ResizeObserver(fit);
  sized.observe(place);
  const seated = part.subscribe(fit);
  return () => {
    sized.disconnect();
    seated();
  };
}

/** What a person does here proves that one is here; a page that is not looked at says so at once. */
function watchHands(connection: ShellConnection): () => void {
  const acted = (): void => connection.act();
  const looked = (): void => {
    if (document.visibilityState === 'hidden') connection.hidden();
  };
  const hands = ['pointerdown', 'keydown'] as const;
  for (const each of hands) addEventListener(each, acted, { capture: true, passive: true });
  document.addEventListener('visibilitychange', looked);
  addEventListener('pagehide', looked);
  return () => {
    for (const each of hands) removeEventListener(each, acted, { capture: true });
    document.removeEventListener('visibilitychange', looked);
    removeEventListener('pagehide', looked);
  };
}

const depsOf = (id: string, part: Signal<Part>, refused: (text: string) => void): ShellDeps => ({
  ticket: async () => {
    const told = await ask<typeof joinShell>('POST', '/api/shells/:id/ticket', {
      params: { id },
      body: { part: part.peek() },
    });
    if (told.kind === 'failed') refused(refusalText(told));
    return told.kind === 'answer' ? told.answer.ticket : undefined;
  },
  open: openWire,
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  looking: () => document.visibilityState === 'visible',
});

function openWire(events: ShellWireEvents): ShellWire {
  const address = new URL(shellPath, location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  address.hash = '';
  const wire = new WebSocket(address, shellProtocol);
  wire.binaryType = 'arraybuffer';
  wire.addEventListener('open', () => events.opened());
  wire.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) events.frame(new Uint8Array(data));
  });
  wire.addEventListener('close', ({ reason }) => events.closed(reason));
  return {
    send: (frame) => {
      if (wire.readyState === WebSocket.OPEN) wire.send(frame as Uint8Array<ArrayBuffer>);
    },
    close: () => wire.close(),
  };
}
