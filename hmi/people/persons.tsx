// People: who there is, with which roles; one more; and what can be changed of one.
import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Role } from '#contract/people.ts';
import { roles } from '#contract/people.ts';
import type {
  PersonView,
  addPerson,
  changePerson,
  listPeople,
  removeFactor,
  removePerson,
} from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import type { Asked } from '#hmi/feed/ask.ts';
import { me } from '#hmi/feed/me.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices, toggled } from '#hmi/parts/choices.tsx';
import { AskButton, Field, Form, Problem, useAsking } from '#hmi/parts/form.tsx';
import { formatMoment } from '#hmi/parts/format.ts';
import { Table } from '#hmi/parts/table.tsx';
import { Proved } from './proved.tsx';
import { useList } from './use-list.ts';

type Change = (asked: () => Promise<Asked<unknown>>) => Promise<unknown>;

export function Persons(): JSX.Element {
  const list = useList(() => ask<typeof listPeople>('GET', '/api/people', {}));
  const open = useSignal<string | undefined>(undefined);
  const people = list.told.value?.people ?? [];
  return (
    <div class="columns">
      <section class="panel">
        <h2>{t('people.persons')}</h2>
        <Problem asking={list} />
        <Table
          columns={['people.name', 'people.roles', 'people.proofs', 'people.added', 'people.more']}
        >
          {people.map((person) => (
            <tr key={person.name} class={person.disabled ? 'off' : ''} data-person={person.name}>
              <th scope="row">
                {person.title}
                <small>{person.name}</small>
              </th>
              <td>{person.roles.map((role) => t(`role.${role}`)).join(', ')}</td>
              <td>{proofsOf(person)}</td>
              <td>{formatMoment(person.added)}</td>
              <td>
                <button
                  type="button"
                  class="plain"
                  aria-pressed={open.value === person.name}
                  onClick={() => {
                    open.value = open.value === person.name ? undefined : person.name;
                  }}
                >
                  {t('people.change')}
                </button>
              </td>
            </tr>
          ))}
        </Table>
      </section>
      <section class="panel">
        {people
          .filter(({ name }) => name === open.value)
          .map((person) => (
            <Person key={person.name} person={person} change={list.change} />
          ))}
        {open.value === undefined && <NewPerson change={list.again} />}
        <Proved asking={list} />
      </section>
    </div>
  );
}

const proofsOf = ({ disabled, secondFactor, pin, temporary }: PersonView): string =>
  [
    disabled ? t('people.disabled') : '',
    temporary ? t('people.temporary') : t('people.password'),
    pin ? t('people.pin') : '',
    secondFactor ? t('people.factor') : '',
  ]
    .filter((each) => each !== '')
    .join(', ');

const RolePicker = ({ picked }: { picked: Signal<readonly Role[]> }): JSX.Element => (
  <Choices
    label={t('people.roles')}
    values={roles}
    picked={picked.value}
    pick={(role) => {
      picked.value = toggled(picked.value, role);
    }}
  >
    {(role) => t(`role.${role}`)}
  </Choices>
);

function NewPerson({ change }: { change: () => Promise<void> }): JSX.Element {
  const [name, title, password] = [useSignal(''), useSignal(''), useSignal('')];
  const picked = useSignal<readonly Role[]>([]);
  const asking = useAsking();
  const blocked = !/^[a-z][a-z0-9._-]{0,31}$/.test(name.value)
    ? t('people.nameForm')
    : picked.value.length === 0
      ? t('people.noRole')
      : password.value.length < 12
        ? t('own.short')
        : undefined;
  const act = async (): Promise<void> => {
    const body = {
      name: name.value,
      ...(title.value.trim() === '' ? {} : { title: title.value.trim() }),
      roles: [...picked.value],
      password: password.value,
    };
    const told = await asking.run(() => ask<typeof addPerson>('POST', '/api/people', { body }));
    if (told === undefined) return;
    for (const each of [name, title, password]) each.value = '';
    picked.value = [];
    await change();
  };
  return (
    <>
      <h2>{t('people.new')}</h2>
      <Form asking={asking} title={t('people.add')} blocked={blocked} act={() => void act()}>
        <Field label={t('people.name')} value={name} most={32} hint={t('people.nameForm')} />
        <Field label={t('people.title')} value={title} most={80} />
        <RolePicker picked={picked} />
        <Field
          label={t('people.first')}
          value={password}
          type="password"
          autocomplete="new-password"
          hint={t('people.firstHint')}
        />
      </Form>
      {asking.code === 'E_PROOF_OLD' && <Proved asking={asking} />}
    </>
  );
}

function Person({ person, change }: { person: PersonView; change: Change }): JSX.Element {
  const picked = useSignal<readonly Role[]>(person.roles);
  const password = useSignal('');
  const asking = useAsking();
  const sure = useSignal(false);
  const params = { name: person.name };
  const own = person.name === me.value?.name;
  const set = (body: { roles?: Role[]; disabled?: boolean; password?: string }) =>
    void change(() => ask<typeof changePerson>('POST', '/api/people/:name', { params, body }));
  const same = [...picked.value].toSorted().join() === [...person.roles].toSorted().join();
  return (
    <div class="person-form" data-person-form={person.name}>
      <h2>{person.title}</h2>
      <RolePicker picked={picked} />
      <div class="choices">
        <AskButton
          title={t('people.setRoles')}
          lack={same ? t('draft.same') : undefined}
          act={() => set({ roles: [...picked.value] })}
        />
        <AskButton
          title={t(person.disabled ? 'people.enable' : 'people.disable')}
          lack={own ? t('people.own') : undefined}
          act={() => set({ disabled: !person.disabled })}
        />
        {person.secondFactor && (
          <AskButton
            title={t('people.removeFactor')}
            act={() =>
              void change(() =>
                ask<typeof removeFactor>('DELETE', '/api/people/:name/second-factor', { params }),
              )
            }
          />
        )}
        <AskButton
          title={t(sure.value ? 'people.removeSure' : 'people.remove')}
          lack={own ? t('people.own') : undefined}
          act={() => {
            if (!sure.value) sure.value = true;
            else
              void change(() =>
                ask<typeof removePerson>('DELETE', '/api/people/:name', { params }),
              );
          }}
        />
      </div>
      <Form
        asking={asking}
        title={t('people.newPassword')}
        blocked={password.value.length < 12 ? t('own.short') : undefined}
        act={() => {
          set({ password: password.value });
          password.value = '';
        }}
      >
        <Field
          label={t('people.first')}
          value={password}
          type="password"
          autocomplete="new-password"
          hint={t('people.firstHint')}
        />
      </Form>
      <p class="hash">
        <small>{t('people.key')}</small> <code>{person.key}</code>
      </p>
    </div>
  );
}
