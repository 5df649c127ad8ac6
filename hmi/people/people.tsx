// Everybody who may act on this cell: people with their roles, sessions, tokens of programs and agents; and what each
// role may, as data; and what people did.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Permission } from '#contract/people.ts';
import { lackOf } from '#hmi/feed/me.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { beginWork } from '#hmi/work/begin.ts';
import { t } from '#hmi/i18n/text.ts';
import { Events } from './events.tsx';
import { Persons } from './persons.tsx';
import { RoleTable } from './role-table.tsx';
import { SessionList } from './session-list.tsx';
import { Tokens } from './tokens.tsx';

beginWork();

const lists = {
  persons: Persons,
  sessions: SessionList,
  tokens: Tokens,
  roles: RoleTable,
  events: Events,
} as const;
/** What one must be allowed to see a list; one's own sessions are anybody's. */
const needs: Readonly<Partial<Record<keyof typeof lists, Permission>>> = {
  persons: 'people',
  tokens: 'people',
  events: 'audit',
};
type List = keyof typeof lists;
const picked = signal<List>('persons');

export function People(): JSX.Element {
  const Shown = lists[picked.value];
  const need = needs[picked.value];
  const lack = need === undefined ? undefined : lackOf(need);
  return (
    <div class="people">
      <Choices
        label={t('people.lists')}
        values={Object.keys(lists) as List[]}
        picked={[picked.value]}
        pick={(each) => {
          picked.value = each;
        }}
      >
        {(each) => t(`people.${each}`)}
      </Choices>
      {lack === undefined ? <Shown /> : <p class="panel quiet">{lack}</p>}
    </div>
  );
}
