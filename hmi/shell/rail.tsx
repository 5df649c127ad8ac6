// Beside a shell's terminal: who takes part and as what, how long it may still go on, why it was asked for, whether it
// is recorded, and what whoever is here may say to it.
import type { Signal } from '@preact/signals';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Part, SessionView } from '#contract/shell.ts';
import type { handOverShell, pauseShell } from '#contract/shell-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { cellTime } from '#hmi/feed/cell.ts';
import { lackOf, me } from '#hmi/feed/me.ts';
import { t } from '#hmi/i18n/text.ts';
import { lacksText } from '#hmi/i18n/whys.ts';
import { AskButton, Problem, useAsking } from '#hmi/parts/form.tsx';
import { formatSpan, formatTime } from '#hmi/parts/format.ts';
import { isAgent, nameOf } from '#hmi/parts/names.ts';
import { isOpen, mayEnd } from './stage.ts';

interface RailProps {
  readonly id: string;
  readonly part: Part;
  readonly view: Signal<SessionView | undefined>;
  /** The person did something: proves presence. */
  readonly act: () => void;
}
type Word = 'pause' | 'resume' | 'end' | 'kill';
/** A first tap on KILL is meant for so long. */
const sure_ms = 5000;

export function Rail({ id, part, view, act }: RailProps): JSX.Element {
  const asking = useAsking();
  const seen = useSignal(0);
  const shown = view.value;
  const say = async (word: Word): Promise<void> => {
    const told = await asking.run(() =>
      ask<typeof pauseShell>('POST', `/api/shells/:id/${word}`, { params: { id }, body: {} }),
    );
    if (told !== undefined) view.value = told;
  };
  // Whoever types may stop for a moment too; who goes on after somebody else paused it is station's to say.
  const holds = part === 'driver' ? undefined : lackOf('shell.approve');
  const ended = shown === undefined || !isOpen(shown);
  const ends = !ended && mayEnd(shown, me.value);
  const lack = ended ? t('rail.over') : ends ? undefined : lackOf('shell.approve');
  return (
    <aside class="panel rail" aria-label={t('rail.title')}>
      <div class="scroll" tabIndex={0} role="group" aria-label={t('rail.participants')}>
        {shown !== undefined && <Facts view={shown} part={part} />}
        {shown !== undefined && <Participants id={id} view={shown} part={part} />}
      </div>
      {part === 'supervisor' && !ended && (
        <button
          type="button"
          class="plain presence"
          onClick={() => {
            act();
            seen.value = Date.now();
          }}
        >
          <b>{t(shown.present ? 'rail.present' : 'rail.absent')}</b>
          <small>
            {seen.value === 0 ? t('rail.tap') : t('rail.tapped', { at: formatTime(seen.value) })}
          </small>
        </button>
      )}
      <div class="choices">
        <AskButton
          title={t('rail.pause')}
          lack={holds ?? (shown?.state === 'Running' ? undefined : t('rail.notRunning'))}
          act={() => void say('pause')}
        />
        <AskButton
          title={t('rail.resume')}
          lack={holds ?? (shown?.state === 'Paused' ? undefined : t('rail.notPaused'))}
          act={() => void say('resume')}
        />
      </div>
      <Problem asking={asking} />
      <div class="ends">
        <AskButton title={t('rail.end')} stop lack={lack} act={() => void say('end')} />
        <Kill lack={lack} act={() => void say('kill')} />
      </div>
    </aside>
  );
}

/** Asks to be pressed twice: END is for every day, this is for what must not go on. */
function Kill({ lack, act }: { lack: string | undefined; act: () => void }): JSX.Element {
  const sure = useSignal(false);
  useEffect(() => {
    if (!sure.value) return undefined;
    const late = setTimeout(() => (sure.value = false), sure_ms);
    return () => clearTimeout(late);
  }, [sure.value]);
  return (
    <button
      type="button"
      class={`plain kill ${sure.value ? 'sure' : ''}`}
      aria-disabled={lack !== undefined}
      onClick={() => {
        if (lack !== undefined) return;
        if (sure.value) act();
        sure.value = !sure.value;
      }}
    >
      <b>{t(sure.value ? 'rail.killSure' : 'rail.kill')}</b>
      <small>{lack ?? t('rail.killText')}</small>
    </button>
  );
}

function Facts({ view, part }: { view: SessionView; part: Part }): JSX.Element {
  const { by, tier, ends, reason, recorded, lacks } = view;
  return (
    <>
      <h2>
        {nameOf(by)} <small>{t(`tiers.${tier}`)}</small>
      </h2>
      {isAgent(by) && <strong class="tag agent">{t('rail.agent')}</strong>}
      <p>{reason}</p>
      <dl class="facts-list">
        <div>
          <dt>{t('rail.part')}</dt>
          <dd>{t(`part.${part}`)}</dd>
        </div>
        {ends !== undefined && (
          <div>
            <dt>{t('rail.left')}</dt>
            <dd>
              <b>{formatSpan(Math.max(0, ends - cellTime.value))}</b>
            </dd>
          </div>
        )}
        <div class={`light ${recorded.ok ? 'on' : 'off'}`}>
          <dt>{t('rail.recording')}</dt>
          <dd>
            <span aria-hidden="true">{recorded.ok ? '●' : '○'}</span>{' '}
            {t(recorded.ok ? 'rail.recorded' : 'rail.notRecorded', {
              kb: Math.ceil(recorded.bytes / 1024),
            })}
          </dd>
        </div>
      </dl>
      {lacks.length > 0 && <p class="lack">{t('press.lacks', { lacks: lacksText(lacks) })}</p>}
    </>
  );
}

function Participants(props: { id: string; view: SessionView; part: Part }): JSX.Element {
  const { id, view, part } = props;
  const asking = useAsking();
  return (
    <ul class="participants" aria-label={t('rail.participants')}>
      {view.participants.map(({ actor, part: theirs, live }) => (
        <li key={`${actor} ${theirs}`} class={isAgent(actor) ? 'agent' : ''}>
          <b>{nameOf(actor)}</b>
          <span>
            {t(`part.${theirs}`)}
            {!live && `, ${t('rail.away')}`}
            {actor === me.value?.actor && `, ${t('rail.you')}`}
          </span>
          {part === 'driver' && view.tier !== 'T3' && theirs === 'peer' && live && (
            <AskButton
              title={t('rail.handOver')}
              act={() =>
                void asking.run(() =>
                  ask<typeof handOverShell>('POST', '/api/shells/:id/hand-over', {
                    params: { id },
                    body: { to: actor },
                  }),
                )
              }
            />
          )}
        </li>
      ))}
      <Problem asking={asking} />
    </ul>
  );
}
