// Everybody who may act on this cell: people with their roles, sessions, tokens of programs and agents; and what each
// role may, as data.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Choices } from '#hmi/parts/choices.tsx';
import { beginWork } from '#hmi/work/begin.ts';
import { t } from '#hmi/i18n/text.ts';
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
} as const;
type List = keyof typeof lists;
const picked = signal<List>('persons');

export function People(): JSX.Element {
  const Shown = lists[picked.value];
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
      <Shown />
    </div>
  );
}
