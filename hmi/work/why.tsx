// Asks whoever is here why they act: what was said here before, what is often said, or their own words.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { recentReasons, sayReason } from '#hmi/feed/reason.ts';
import { t } from '#hmi/i18n/text.ts';
import { Dialog, closeOver } from '#hmi/parts/dialog.tsx';
import { Field, Form, useAsking } from '#hmi/parts/form.tsx';
import { beginWork } from './begin.ts';

beginWork();

/** Fewer letters are no reason. */
export const leastReason = 3;
export const mostReason = 300;

export function Why(): JSX.Element {
  const text = useSignal('');
  const asking = useAsking();
  const own = text.value.trim();
  return (
    <Dialog title={t('why.title')}>
      <p class="quiet">{t('why.text')}</p>
      <Said take={say} />
      <Form
        asking={asking}
        title={t('why.say')}
        blocked={own.length < leastReason ? t('forces.noReason') : undefined}
        act={() => say(own)}
      >
        <Field label={t('why.own')} value={text} most={mostReason} />
      </Form>
    </Dialog>
  );
}

function say(said: string): void {
  sayReason(said);
  closeOver();
}

/** Reasons of one tap. */
export function Said({ take }: { take: (said: string) => void }): JSX.Element {
  const often = [
    t('why.order'),
    t('why.fault'),
    t('why.setUp'),
    t('why.clean'),
    t('why.repair'),
    t('why.test'),
  ];
  const all = [...new Set([...recentReasons.value, ...often])];
  return (
    <div class="choices reasons" role="group" aria-label={t('why.title')}>
      {all.map((each) => (
        <button key={each} type="button" class="plain" onClick={() => take(each)}>
          {each}
        </button>
      ))}
    </div>
  );
}
