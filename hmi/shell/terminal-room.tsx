// A shell's terminal with what stands beside it: who takes part, how long, why, whether it is recorded, and the buttons
// of whoever is here. Everybody sees the same.
import type { JSX } from 'preact';
import type { Part, SessionView } from '#contract/shell.ts';
import { me } from '#hmi/feed/me.ts';
import { t } from '#hmi/i18n/text.ts';
import { whyText } from '#hmi/i18n/whys.ts';
import { pastedText } from './pasted.ts';
import { Rail } from './rail.tsx';
import { isOpen, nextOf } from './stage.ts';
import { isWatched } from './watched.ts';
import { useTerminal } from './use-terminal.ts';
import type { Paste } from './use-terminal.ts';

interface Room {
  readonly id: string;
  readonly part: Part;
  readonly leave: () => void;
}

export function TerminalRoom({ id, part: asked, leave }: Room): JSX.Element {
  const { place, view, part, up, notice, paste, type, act, focus } = useTerminal(id, asked);
  const { state, why, owner } = view.value ?? {};
  const runs = up.value && state === 'Running';
  const pasted = paste.value;
  return (
    <div class={`room ${owner === undefined ? '' : 'agent'}`} data-state={state}>
      <section class="panel screen" aria-label={t('room.terminal')}>
        <div class={`state ${runs ? '' : 'held'}`}>
          <p role="status">
            <b>{stageOf(up.value, view.value)}</b> {runs ? '' : whyText(why)}{' '}
            <span class="next">{nextIn(up.value, view.value)}</span> {notice.value}
          </p>
          <button type="button" class="plain" onClick={leave}>
            {t('rail.leave')}
          </button>
        </div>
        <div class="glass" ref={place} data-up={up.value} />
        {pasted !== undefined && (
          <Pasted
            paste={pasted}
            give={(yes) => {
              if (yes) type(pasted.text);
              paste.value = undefined;
              focus();
            }}
          />
        )}
      </section>
      <Rail id={id} part={part.value} view={view} act={act} />
    </div>
  );
}

/** A shell that is over has no connection any more, and needs none. */
function stageOf(up: boolean, view: SessionView | undefined): string {
  if (!up && (view === undefined || isOpen(view))) return t('room.down');
  return view === undefined ? '' : t(`session.${view.state}`);
}

/** What whoever is here, or somebody else, has to do now. */
function nextIn(up: boolean, view: SessionView | undefined): string {
  if (!up && (view === undefined || isOpen(view))) return t('next.connection');
  const key = view && nextOf(view, view.by === me.value?.actor, isWatched(view));
  return key === undefined ? '' : t(key);
}

const Pasted = (props: { paste: Paste; give: (yes: boolean) => void }): JSX.Element => (
  <div class="pasted" role="alertdialog" aria-label={t('room.paste', { lines: props.paste.lines })}>
    <p>
      <strong>{t('room.paste', { lines: props.paste.lines })}</strong>
    </p>
    <pre tabIndex={0}>{pastedText(props.paste.text).slice(0, 2000)}</pre>
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
