// Who is at this page, over the screen: sign in with a password, change to somebody else by PIN, sign out, and what
// a person sets for themselves.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Me, signIn, switchTo } from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { become, me } from '#hmi/feed/me.ts';
import { beginWork } from '#hmi/work/begin.ts';
import { t } from '#hmi/i18n/text.ts';
import { Dialog, closeOver } from '#hmi/parts/dialog.tsx';
import { AskButton, Field, Form, Problem, useAsking } from '#hmi/parts/form.tsx';
import { signOutNow } from './idle.tsx';
import { Factor, NewPassword, Own } from './own.tsx';
import { PinPad } from './pin-pad.tsx';

beginWork();

export function Session(): JSX.Element {
  const known = me.value;
  const actor = known?.actor ?? null;
  if (known?.mustChange === true) {
    return (
      <Dialog title={t('own.must')}>
        <NewPassword text={t('own.mustText')} />
      </Dialog>
    );
  }
  if (known?.mustFactor === true) {
    return (
      <Dialog title={t('own.mustFactor')}>
        <p class="quiet">{t('own.mustFactorText')}</p>
        <Factor />
      </Dialog>
    );
  }
  return (
    <Dialog title={actor === null ? t('signIn.title') : (known?.title ?? actor)}>
      {actor !== null && known !== undefined && <Here known={known} />}
      <Others known={known} />
      {actor === null && <SignIn known={known} />}
      {actor?.startsWith('user:') === true && <Own />}
    </Dialog>
  );
}

/** Somebody is signed in. */
function Here({ known }: { known: Me }): JSX.Element {
  const asking = useAsking();
  const roles = known.roles.map((role) => t(`role.${role}`)).join(', ');
  return (
    <section class="here">
      <p>
        {known.enrolled ? roles : t('signIn.notEnrolled')}
        <small>{known.actor}</small>
      </p>
      <AskButton
        title={t('signIn.out')}
        busy={asking.busy}
        act={() => {
          closeOver();
          void signOutNow();
        }}
      />
    </section>
  );
}

/** Those who may come back by PIN, and the keys for it. */
function Others({ known }: { known: Me | undefined }): JSX.Element | null {
  const picked = useSignal<string | undefined>(undefined);
  const asking = useAsking();
  const others = (known?.switchable ?? []).filter(({ name }) => name !== known?.name);
  if (others.length === 0) return null;
  const name = picked.value;
  const change = async (pin: string): Promise<void> => {
    if (name === undefined) return;
    const told = await asking.run(() =>
      ask<typeof switchTo>('POST', '/api/switch', { body: { name, pin } }),
    );
    if (told === undefined) return;
    become(told);
    closeOver();
  };
  return (
    <section class="others" aria-label={t('signIn.switch')}>
      <h3>{t('signIn.switch')}</h3>
      <div class="choices">
        {others.map((person) => (
          <button
            key={person.name}
            type="button"
            class="plain person"
            aria-pressed={person.name === name}
            onClick={() => {
              asking.clear();
              picked.value = person.name === name ? undefined : person.name;
            }}
          >
            {person.title}
          </button>
        ))}
      </div>
      {name !== undefined && <PinPad busy={asking.busy} give={(pin) => void change(pin)} />}
      <Problem asking={asking} />
    </section>
  );
}

function SignIn({ known }: { known: Me | undefined }): JSX.Element {
  const [name, password, code] = [useSignal(''), useSignal(''), useSignal('')];
  const asking = useAsking();
  const second = useSignal(false);
  if (known?.enrolled === false) return <p class="quiet">{t('signIn.nobodyYet')}</p>;
  const act = async (): Promise<void> => {
    const body = {
      name: name.value.trim().toLowerCase(),
      password: password.value,
      ...(second.value ? { code: code.value.trim() } : {}),
    };
    const told = await asking.run(async () => {
      const answer = await ask<typeof signIn>('POST', '/api/sign-in', { body });
      if (answer.kind === 'failed' && answer.code === 'E_SIGN_IN_CODE') second.value = true;
      return answer;
    });
    if (told === undefined) return;
    become(told);
    if (!told.mustChange && !told.mustFactor) closeOver();
  };
  return (
    <Form asking={asking} title={t('signIn.in')} act={() => void act()}>
      {known?.notice !== undefined && <p class="notice">{known.notice}</p>}
      <Field label={t('signIn.name')} value={name} autocomplete="username" most={32} />
      <Field
        label={t('signIn.password')}
        value={password}
        type="password"
        autocomplete="current-password"
      />
      {second.value && (
        <Field
          label={t('signIn.code')}
          value={code}
          digits
          most={6}
          autocomplete="one-time-code"
          hint={t('signIn.codeHint')}
        />
      )}
    </Form>
  );
}
