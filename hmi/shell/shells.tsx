// Shells: who has asked for one, who is in one; and a form to ask. One of them can be opened: its terminal takes the place.
import { signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Part, SessionView, Tier } from '#contract/shell.ts';
import type { askShell, beginShell } from '#contract/shell-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { cellTime } from '#hmi/feed/cell.ts';
import { lackOf, me } from '#hmi/feed/me.ts';
import { approvals, askWork, mine, shellRules, shells } from '#hmi/feed/work.ts';
import { beginWork } from '#hmi/work/begin.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { AskButton, Field, Form, Problem, useAsking } from '#hmi/parts/form.tsx';
import { formatMoment, formatSpan } from '#hmi/parts/format.ts';
import { isAgent, nameOf } from '#hmi/parts/names.ts';
import { tab } from '#hmi/work/tab.ts';
import { Proved } from '#hmi/people/proved.tsx';
import { lacksText, whyText } from '#hmi/i18n/whys.ts';
import { Locked } from './locked.tsx';
import { isOpen, nextOf, seatsOf } from './stage.ts';
import { TerminalRoom } from './terminal-room.tsx';
import { isWatched } from './watched.ts';

beginWork();

/** The shell whose terminal is shown, and as what one takes part. */
const opened = signal<{ readonly id: string; readonly part: Part } | undefined>(undefined);
const overLimit = 10;

export function Shells(): JSX.Element {
  useEffect(() => {
    // Of one that ended meanwhile there is nothing more to see here.
    const there = shells.peek().some((each) => each.id === opened.peek()?.id && isOpen(each));
    if (!there) opened.value = undefined;
  }, []);
  const shown = opened.value;
  if (shown !== undefined) {
    return (
      <TerminalRoom
        key={`${shown.id} ${shown.part}`}
        id={shown.id}
        part={shown.part}
        leave={() => {
          opened.value = undefined;
        }}
      />
    );
  }
  const open = shells.value.filter(isOpen);
  const past = shells.value.filter((each) => !isOpen(each)).slice(0, overLimit);
  return (
    <div class="stale-scope cards">
      <section aria-label={t('shells.open')}>
        <h2>{t('shells.open')}</h2>
        {open.length === 0 && <p class="quiet">{t('shells.none')}</p>}
        {open.map((session) => (
          <Card key={session.id} session={session} />
        ))}
        {past.length > 0 && <h2>{t('shells.past')}</h2>}
        {past.map((session) => (
          <Card key={session.id} session={session} />
        ))}
      </section>
      <section class="panel" aria-label={t('shells.ask')}>
        <h2>{t('shells.ask')}</h2>
        <Ask />
        {me.value?.actor != null && <Locked />}
      </section>
    </div>
  );
}

function Card({ session }: { session: SessionView }): JSX.Element {
  const { id, by, tier, state, reason, asked, ends, why, lacks } = session;
  const asking = useAsking();
  const own = by === me.value?.actor;
  const next = nextOf(session, own, isWatched(session));
  const waits = mine(approvals.value).some(({ request }) => request.id === session.approval);
  const begin = async (): Promise<void> => {
    const told = await asking.run(() =>
      ask<typeof beginShell>('POST', '/api/shells/:id/begin', { params: { id } }),
    );
    await askWork();
    if (told !== undefined) opened.value = { id, part: 'driver' };
  };
  return (
    <article
      class={`panel card ${isAgent(by) ? 'agent' : ''}`}
      data-session={id}
      data-state={state}
    >
      <header>
        <strong>{nameOf(by)}</strong>
        <span>{t(`tiers.${tier}`)}</span>
        <b class="state">{t(`session.${state}`)}</b>
      </header>
      <p>{reason}</p>
      <p class="quiet">
        {t('shells.asked', { at: formatMoment(asked) })}
        {ends !== undefined &&
          isOpen(session) &&
          `, ${t('shells.left', { span: formatSpan(ends - cellTime.value) })}`}
        {why !== undefined && `, ${whyText(why)}`}
      </p>
      {lacks.length > 0 && <p class="lack">{t('press.lacks', { lacks: lacksText(lacks) })}</p>}
      {isOpen(session) && next !== undefined && <p class="next">{t(next)}</p>}
      <div class="choices">
        {waits && (
          <AskButton
            title={t('shells.approve')}
            act={() => {
              tab.value = 'approvals';
            }}
          />
        )}
        {own && state === 'Approved' && (
          <AskButton title={t('shells.begin')} busy={asking.busy} act={() => void begin()} />
        )}
        {seatsOf(session, me.value).map((part) => (
          <AskButton
            key={part}
            title={t(`shells.as.${part}`)}
            act={() => {
              opened.value = { id, part };
            }}
          />
        ))}
        {!isOpen(session) && lackOf('recordings') === undefined && session.began !== undefined && (
          <AskButton
            title={t('shells.play')}
            act={() => {
              tab.value = 'recordings';
            }}
          />
        )}
      </div>
      <Problem asking={asking} />
      <Proved asking={asking} />
    </article>
  );
}

function Ask(): JSX.Element {
  const rules = shellRules.value;
  const tiers = (['T2', 'T3'] as const).filter((each) => rules?.on === true && rules[each].on);
  const tier = useSignal<Extract<Tier, 'T2' | 'T3'>>('T2');
  const [reason, minutes] = [useSignal(''), useSignal(30)];
  const asking = useAsking();
  if (tiers.length === 0) return <p class="quiet">{t('shells.off')}</p>;
  const rule = rules?.[tier.value];
  const longest = Math.floor((rule?.longest_ms ?? 0) / 60_000);
  const act = async (): Promise<void> => {
    const body = {
      tier: tier.value,
      reason: reason.value.trim(),
      for_ms: Math.min(minutes.value, longest) * 60_000,
    };
    const told = await asking.run(() => ask<typeof askShell>('POST', '/api/shells', { body }));
    if (told !== undefined) reason.value = '';
    await askWork();
  };
  const blocked =
    lackOf('shell.open') ?? (reason.value.trim().length < 3 ? t('forces.noReason') : undefined);
  return (
    <Form asking={asking} title={t('shells.give')} blocked={blocked} act={() => void act()}>
      <Choices
        label={t('shells.tier')}
        values={tiers}
        picked={[tier.value]}
        pick={(each) => {
          tier.value = each;
        }}
      >
        {(each) => t(`tiers.${each}`)}
      </Choices>
      {rule !== undefined && (
        <p class="quiet">
          {t('shells.rule', { approvals: rule.approvals, min: longest })}
          {rule.presence && ` ${t('shells.presence')}`}
          {whereOf(rule.where)}
        </p>
      )}
      <Field label={t('forces.reason')} value={reason} most={300} />
      <Choices
        label={t('forces.for')}
        values={[10, 30, 60, 120].filter((each) => each <= longest)}
        picked={[minutes.value]}
        pick={(each) => {
          minutes.value = each;
        }}
      >
        {(each) => t('forces.min', { min: each })}
      </Choices>
    </Form>
  );
}

/** Where the machine must be, in words. */
const whereOf = (
  where: Readonly<Record<string, { in: readonly string[]; rest: boolean }>>,
): string =>
  Object.entries(where)
    .map(([flow, { in: states, rest }]) =>
      [
        states.length > 0 ? ` ${t('shells.where', { flow, states: states.join(', ') })}` : '',
        rest ? ` ${t('shells.rest', { flow })}` : '',
      ].join(''),
    )
    .join('');
