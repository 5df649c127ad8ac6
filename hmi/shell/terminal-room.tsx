// A shell's terminal with what stands beside it: who takes part, how long, why, whether it is recorded, and the buttons
// of whoever is here. Everybody sees the same.
import type { JSX } from 'preact';
import type { Part } from '#contract/shell.ts';
import { t } from '#hmi/i18n/text.ts';
import { Rail } from './rail.tsx';
import { useTerminal } from './use-terminal.ts';
import type { Paste } from './use-terminal.ts';

interface Room {
  readonly id: string;
  readonly part: Part;
  readonly leave: () => void;
}

export function TerminalRoom({ id, part, leave }: Room): JSX.Element {
  const { place, view, up, notice, paste, type, act, focus } = useTerminal(id, part);
  const { state, why = '', owner } = view.value ?? {};
  const runs = up.value && state === 'Running';
  const asked = paste.value;
  return (
    <div class={`room ${owner === undefined ? '' : 'agent'}`} data-state={state}>
      <section class="panel screen" aria-label={t('room.terminal')}>
        <p class={`state ${runs ? '' : 'held'}`} role="status">
          <b>{up.value ? state && t(`session.${state}`) : t('room.down')}</b> {why} {notice.value}
        </p>
        <div class="terminal" ref={place} data-up={up.value} />
        {asked !== undefined && (
          <Pasted
            paste={asked}
            give={(yes) => {
              if (yes) type(asked.text);
              paste.value = undefined;
              focus();
            }}
          />
        )}
      </section>
      <Rail id={id} part={part} view={view} act={act} leave={leave} />
    </div>
  );
}

const Pasted = (props: { paste: Paste; give: (yes: boolean) => void }): JSX.Element => (
  <div class="pasted" role="alertdialog" aria-label={t('room.paste', { lines: props.paste.lines })}>
    <p>
      <strong>{t('room.paste', { lines: props.paste.lines })}</strong>
    </p>
    <pre tabIndex={0}>{props.paste.text.slice(0, 2000)}</pre>
    <div class="choices">
      <button type="button" class="plain" onClick={() => props.give(false)}>
        {t('room.pasteNo')}
      </button>
      <button type="button" class="plain" onClick={() => props.give(true)}>
        {t('room.pasteYes')}
      </button>
    </div>
  </div>
);
