// Work at the PC's own console of which nobody has written a review yet, and the review: by somebody else, in their words.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { isOwn } from '#contract/break-glass.ts';
import type { Broken, listBroken, reviewBroken } from '#contract/break-glass.ts';
import { ask } from '#hmi/feed/ask.ts';
import { lackOf, me } from '#hmi/feed/me.ts';
import { round } from '#hmi/feed/work.ts';
import { t } from '#hmi/i18n/text.ts';
import { Field, Form, useAsking } from '#hmi/parts/form.tsx';
import { formatMoment } from '#hmi/parts/format.ts';
import { nameOf } from '#hmi/parts/names.ts';
import { useList } from '#hmi/people/use-list.ts';

const leastFound = 10;

/** Nothing where none waits, or nobody is signed in to be told. */
export function BreakGlass(): JSX.Element | null {
  return me.value?.actor == null ? null : <Waiting key={me.value.session} />;
}

function Waiting(): JSX.Element | null {
  const list = useList(() => ask<typeof listBroken>('GET', '/api/break-glass', {}), round.value);
  const waiting = list.told.value?.waiting ?? [];
  if (waiting.length === 0) return null;
  return (
    <section class="broken" aria-label={t('broken.title')}>
      <h2>{t('broken.title')}</h2>
      {waiting.map((broken) => (
        <Card key={broken.id} broken={broken} again={list.again} />
      ))}
    </section>
  );
}

function Card(props: { broken: Broken; again: () => Promise<void> }): JSX.Element {
  const { broken, again } = props;
  const { id, actor, person, at, reason } = broken;
  const found = useSignal('');
  const asking = useAsking();
  const own = me.value?.actor != null && isOwn(me.value.actor, broken);
  const text = found.value.trim();
  const short = text.length < leastFound ? t('broken.short') : undefined;
  const lack = lackOf('shell.approve') ?? (own ? t('broken.own') : short);
  const act = async (): Promise<void> => {
    const body = { of: [id], found: text };
    const told = await asking.run(() =>
      ask<typeof reviewBroken>('POST', '/api/break-glass/review', { body }),
    );
    if (told !== undefined) await again();
  };
  return (
    <article class="panel card requested" data-broken={id}>
      <header>
        <strong>{person ?? nameOf(actor)}</strong>
        <span>{t('broken.at', { at: formatMoment(at) })}</span>
        <b class="state">{t('broken.waits')}</b>
      </header>
      <p>
        <small>{t('approvals.why')}</small> {reason} <small>{actor}</small>
      </p>
      <Form asking={asking} title={t('broken.write')} blocked={lack} act={() => void act()}>
        <Field label={t('broken.found')} value={found} most={500} />
      </Form>
    </article>
  );
}
