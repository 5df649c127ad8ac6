// Asks whoever is here to prove again who they are, where station said that the last proof is too old.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { prove } from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { become, me } from '#hmi/feed/me.ts';
import { t } from '#hmi/i18n/text.ts';
import { Field, Form, useAsking } from '#hmi/parts/form.tsx';
import type { Asking } from '#hmi/parts/form.tsx';

/** Nothing, but after `E_PROOF_OLD`; what was refused then is to be asked again. */
export function Proved({ asking }: { asking: Asking }): JSX.Element | null {
  const [password, code] = [useSignal(''), useSignal('')];
  const proof = useAsking();
  if (asking.code !== 'E_PROOF_OLD') return null;
  const act = async (): Promise<void> => {
    const body = {
      password: password.value,
      ...(me.value?.secondFactor === true ? { code: code.value.trim() } : {}),
    };
    const told = await proof.run(() => ask<typeof prove>('POST', '/api/prove', { body }));
    if (told === undefined) return;
    become(told);
    asking.clear();
  };
  return (
    <Form asking={proof} title={t('proof.give')} act={() => void act()}>
      <p class="quiet">{t('proof.text')}</p>
      <Field
        label={t('signIn.password')}
        value={password}
        type="password"
        autocomplete="current-password"
      />
      {me.value?.secondFactor === true && (
        <Field label={t('signIn.code')} value={code} digits most={6} />
      )}
    </Form>
  );
}
