// Tokens of programs and agents: what each may, until when, when it was last used. A secret is shown once.
import { tokenScopes } from '#contract/token-scopes.ts';
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import type {
  TokenScope,
  TokenView,
  addToken,
  listTokens,
  removeToken,
} from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices, toggled } from '#hmi/parts/choices.tsx';
import { AskButton, Field, Form, Problem, useAsking } from '#hmi/parts/form.tsx';
import { formatMoment } from '#hmi/parts/format.ts';
import { isAgent, nameOf } from '#hmi/parts/names.ts';
import { Table } from '#hmi/parts/table.tsx';
import { Proved } from './proved.tsx';
import { useList } from './use-list.ts';

const day_ms = 86_400_000;
const days = [1, 30, 366] as const;

export function Tokens(): JSX.Element {
  const list = useList(() => ask<typeof listTokens>('GET', '/api/tokens', {}));
  return (
    <div class="columns">
      <section class="panel">
        <h2>{t('people.tokens')}</h2>
        <Problem asking={list} />
        <Table
          columns={[
            'people.who',
            'people.scopes',
            'people.ends',
            'people.lastUsed',
            'people.endSession',
          ]}
        >
          {(list.told.value?.tokens ?? []).map((token) => (
            <Row
              key={token.id}
              token={token}
              remove={() =>
                void list.change(() =>
                  ask<typeof removeToken>('DELETE', '/api/tokens/:id', {
                    params: { id: token.id },
                  }),
                )
              }
            />
          ))}
        </Table>
      </section>
      <section class="panel">
        <NewToken added={list.again} />
      </section>
    </div>
  );
}

const Row = ({ token, remove }: { token: TokenView; remove: () => void }): JSX.Element => (
  <tr class={isAgent(token.actor) ? 'agent' : ''} data-token={token.id}>
    <th scope="row">{nameOf(token.actor)}</th>
    <td>
      {token.scopes.map((scope) => t(`right.${scope}`)).join(', ')}
      {token.verbs !== undefined && <small>{token.verbs.join(', ')}</small>}
    </td>
    <td>{formatMoment(token.ends)}</td>
    <td>{token.used === undefined ? t('devices.never') : formatMoment(token.used)}</td>
    <td>
      <AskButton title={t('people.end')} act={remove} />
    </td>
  </tr>
);

function NewToken({ added }: { added: () => Promise<void> }): JSX.Element {
  const [name, owner] = [useSignal(''), useSignal('')];
  const scopes = useSignal<readonly TokenScope[]>(['view']);
  const span = useSignal<number>(days[1]);
  const secret = useSignal<string | undefined>(undefined);
  const asking = useAsking();
  const act = async (): Promise<void> => {
    const body = {
      name: name.value,
      ...(owner.value === '' ? {} : { owner: owner.value }),
      scopes: [...scopes.value],
      for_ms: span.value * day_ms,
    };
    const told = await asking.run(() => ask<typeof addToken>('POST', '/api/tokens', { body }));
    if (told === undefined) return;
    secret.value = told.secret;
    name.value = '';
    await added();
  };
  if (secret.value !== undefined) return <Once secret={secret} />;
  const blocked = !/^[a-z][a-z0-9._-]{0,31}$/.test(name.value)
    ? t('people.nameForm')
    : scopes.value.length === 0
      ? t('token.noScope')
      : undefined;
  return (
    <>
      <h2>{t('token.new')}</h2>
      <Form asking={asking} title={t('token.make')} blocked={blocked} act={() => void act()}>
        <Field label={t('people.name')} value={name} most={32} />
        <Field label={t('token.owner')} value={owner} most={32} hint={t('token.ownerHint')} />
        <Choices
          label={t('people.scopes')}
          values={tokenScopes}
          picked={scopes.value}
          pick={(scope) => {
            scopes.value = toggled(scopes.value, scope);
          }}
        >
          {(scope) => t(`right.${scope}`)}
        </Choices>
        <Choices
          label={t('people.ends')}
          values={days}
          picked={[span.value]}
          pick={(each) => {
            span.value = each;
          }}
        >
          {(each) => t('token.days', { days: each })}
        </Choices>
      </Form>
      <Proved asking={asking} />
    </>
  );
}

/** The secret, until whoever made it says that it is kept. */
const Once = ({ secret }: { secret: Signal<string | undefined> }): JSX.Element => (
  <div class="once">
    <h2>{t('token.once')}</h2>
    <p>
      <code class="secret">{secret.value}</code>
    </p>
    <AskButton
      title={t('token.kept')}
      act={() => {
        secret.value = undefined;
      }}
    />
  </div>
);
