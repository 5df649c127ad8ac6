// The line of the console: Tab offers what may follow, the arrows bring back lines that were given before.
import { signal, useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Completion } from '#contract/console.ts';
import type { consoleRoutes } from '#contract/console-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { connected } from '#hmi/feed/cell.ts';
import { t } from '#hmi/i18n/text.ts';
import { commonStart } from './lines.ts';

/** Lines that the arrows bring back. */
const lineLimit = 200;
const lines = signal<readonly string[]>([]);

export function Line({ give, busy }: { give: (line: string) => void; busy: boolean }): JSX.Element {
  const text = useSignal('');
  const offered = useSignal<Completion | undefined>(undefined);
  const place = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!busy) place.current?.focus();
  }, [busy]);
  const send = (line: string): void => {
    if (line.trim() === '' || busy || !connected.value) return;
    lines.value = [...lines.value.filter((each) => each !== line), line].slice(-lineLimit);
    text.value = '';
    offered.value = undefined;
    give(line);
  };
  const completeHere = async (): Promise<void> => {
    const at = place.current?.selectionStart ?? text.value.length;
    const told = await complete(text.value, at);
    if (told === undefined) return;
    text.value = told.line;
    offered.value = told.offered;
    place.current?.focus();
  };
  return (
    <>
      {offered.value !== undefined && (
        <Offered
          offered={offered.value}
          take={(line) => {
            text.value = line;
            offered.value = undefined;
            place.current?.focus();
          }}
          line={text.value}
        />
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send(text.value);
        }}
      >
        <Prompt text={text} place={place} offered={offered} complete={() => void completeHere()} />
        <button type="button" class="plain" onClick={() => void completeHere()}>
          {t('console.complete')}
        </button>
        <button type="button" class="plain" onClick={() => send('help')}>
          {t('console.help')}
        </button>
        <button type="submit" class="plain" aria-disabled={busy || !connected.value}>
          {connected.value ? t('console.give') : t('press.offline')}
        </button>
      </form>
    </>
  );
}

function Prompt(props: {
  readonly text: Signal<string>;
  readonly offered: Signal<Completion | undefined>;
  readonly place: { current: HTMLInputElement | null };
  readonly complete: () => void;
}): JSX.Element {
  const { text, offered, place } = props;
  const back = useRef(0);
  const recall = (step: 1 | -1): void => {
    back.current = Math.min(lines.value.length, Math.max(0, back.current + step));
    text.value = back.current === 0 ? '' : (lines.value.at(-back.current) ?? '');
  };
  return (
    <label class="prompt">
      <span aria-hidden="true">{'>'}</span>
      <input
        ref={place}
        type="text"
        aria-label={t('console.line')}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxLength={2000}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          offered.value = undefined;
          back.current = 0;
        }}
        onKeyDown={(event) => {
          const { key, shiftKey } = event;
          // Without text Tab goes on to the next button, as everywhere.
          if (key === 'Tab' && !shiftKey && text.value !== '') props.complete();
          else if (key === 'ArrowUp') recall(1);
          else if (key === 'ArrowDown') recall(-1);
          else if (key === 'Escape') offered.value = undefined;
          else return;
          event.preventDefault();
        }}
      />
    </label>
  );
}

/** The line as far as it is clear, and what it may go on with where it is not. */
async function complete(
  line: string,
  at: number,
): Promise<{ line: string; offered: Completion | undefined } | undefined> {
  const told = await ask<typeof consoleRoutes.complete>('POST', '/api/console/complete', {
    body: { line, at },
  });
  if (told.kind !== 'answer') return undefined;
  const { candidates, from } = told.answer;
  const [only] = candidates;
  const common =
    candidates.length === 1 && only !== undefined
      ? `${only.text} `
      : commonStart(candidates.map(({ text }) => text));
  return {
    line: common.length >= at - from ? line.slice(0, from) + common + line.slice(at) : line,
    offered: candidates.length > 1 ? told.answer : undefined,
  };
}

const Offered = (props: {
  readonly offered: Completion;
  readonly line: string;
  readonly take: (line: string) => void;
}): JSX.Element => (
  <ul class="offered" aria-label={t('console.offered')}>
    {props.offered.candidates.map(({ text, about }) => (
      <li key={text}>
        <button
          type="button"
          class="plain"
          onClick={() => props.take(`${props.line.slice(0, props.offered.from)}${text} `)}
        >
          {text} <small>{about}</small>
        </button>
      </li>
    ))}
    {props.offered.more && <li class="quiet">{t('console.more')}</li>}
  </ul>
);
