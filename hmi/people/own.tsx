// What a person sets for themselves: password, PIN, second factor.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Asked } from '#hmi/feed/ask.ts';
import type {
  Me,
  beginFactor,
  confirmFactor,
  removeFactor,
  setOwnPassword,
  setOwnPin,
} from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { askMe, become, me } from '#hmi/feed/me.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { closeOver } from '#hmi/parts/dialog.tsx';
import { AskButton, Field, Form, Problem, useAsking } from '#hmi/parts/form.tsx';
import { Squares } from './squares.tsx';

const parts = ['password', 'pin', 'factor'] as const;
type Part = (typeof parts)[number];

export function Own(): JSX.Element {
  const shown = useSignal<Part | undefined>(undefined);
  return (
    <section class="own" aria-label={t('own.title')}>
      <h3>{t('own.title')}</h3>
      <Choices
        label={t('own.title')}
        values={parts}
        picked={shown.value === undefined ? [] : [shown.value]}
        pick={(part) => {
          shown.value = part === shown.value ? undefined : part;
        }}
      >
        {(part) => t(`own.${part}`)}
      </Choices>
      {shown.value === 'password' && <NewPassword />}
      {shown.value === 'pin' && <Pin />}
      {shown.value === 'factor' && <Factor />}
    </section>
  );
}

/** Changes one's own password. */
export function NewPassword({ text }: { text?: string }): JSX.Element {
  const [old, fresh, again] = [useSignal(''), useSignal(''), useSignal('')];
  const asking = useAsking();
  const blocked =
    fresh.value.length < 12
      ? t('own.short')
      : fresh.value === again.value
        ? undefined
        : t('own.differ');
  const act = async (): Promise<void> => {
    const body = { old: old.value, password: fresh.value };
    const told = await asking.run(() =>
      ask<typeof setOwnPassword>('POST', '/api/me/password', { body }),
    );
    if (told === undefined) return;
    become(told);
    closeOver();
  };
  return (
    <Form asking={asking} title={t('own.setPassword')} blocked={blocked} act={() => void act()}>
      {text !== undefined && <p class="quiet">{text}</p>}
      <Field label={t('own.old')} value={old} type="password" autocomplete="current-password" />
      <Field label={t('own.new')} value={fresh} type="password" autocomplete="new-password" />
      <Field label={t('own.again')} value={again} type="password" autocomplete="new-password" />
    </Form>
  );
}

function Pin(): JSX.Element {
  const [password, pin] = [useSignal(''), useSignal('')];
  const asking = useAsking();
  const give = async (chosen: string | null): Promise<void> => {
    const body = { password: password.value, pin: chosen };
    const told = await asking.run(() => ask<typeof setOwnPin>('POST', '/api/me/pin', { body }));
    if (told === undefined) return;
    become(told);
    password.value = '';
    pin.value = '';
  };
  const blocked = /^\d{6,12}$/.test(pin.value) ? undefined : t('own.pinForm');
  return (
    <Form
      asking={asking}
      title={t('own.setPin')}
      blocked={blocked}
      act={() => void give(pin.value)}
    >
      <p class="quiet">{t(me.value?.pin === true ? 'own.hasPin' : 'own.noPin')}</p>
      <Field
        label={t('signIn.password')}
        value={password}
        type="password"
        autocomplete="current-password"
      />
      <Field label={t('own.newPin')} value={pin} type="password" digits most={12} />
      {me.value?.pin === true && (
        <AskButton title={t('own.removePin')} act={() => void give(null)} />
      )}
    </Form>
  );
}

/** The secret is told once; it counts once a code of it was given. */
export function Factor(): JSX.Element {
  const [password, code] = [useSignal(''), useSignal('')];
  const told = useSignal<{ uri: string; secret: string } | undefined>(undefined);
  const asking = useAsking();
  const name = me.value?.name ?? '';
  const params = { name };
  const settle = async (asked: () => Promise<Asked<Me>>): Promise<void> => {
    const known = await asking.run(asked);
    if (known === undefined) return;
    told.value = undefined;
    become(known);
  };
  const path = '/api/people/:name/second-factor';
  if (told.value !== undefined) {
    const body = { code: code.value.trim() };
    const confirm = (): Promise<Asked<Me>> =>
      ask<typeof confirmFactor>('POST', `${path}/confirm`, { params, body });
    return (
      <Form asking={asking} title={t('own.confirm')} act={() => void settle(confirm)}>
        <Squares text={told.value.uri} label={t('own.squares')} />
        <p>
          {t('own.secret')} <code>{told.value.secret.replaceAll(/(.{4})/g, '$1 ').trim()}</code>
        </p>
        <Field label={t('signIn.code')} value={code} digits most={6} />
      </Form>
    );
  }
  const begin = async (): Promise<void> => {
    const body = { password: password.value };
    told.value = await asking.run(() => ask<typeof beginFactor>('POST', path, { params, body }));
  };
  const remove = async (): Promise<void> => {
    await asking.run(() => ask<typeof removeFactor>('DELETE', path, { params }));
    await askMe();
  };
  if (me.value?.secondFactor === true) {
    return (
      <div>
        <p class="quiet">{t('own.hasFactor')}</p>
        <Problem asking={asking} />
        <AskButton title={t('own.removeFactor')} act={() => void remove()} />
      </div>
    );
  }
  return (
    <Form asking={asking} title={t('own.beginFactor')} act={() => void begin()}>
      <p class="quiet">{t('own.noFactor')}</p>
      <Field
        label={t('signIn.password')}
        value={password}
        type="password"
        autocomplete="current-password"
      />
    </Form>
  );
}
