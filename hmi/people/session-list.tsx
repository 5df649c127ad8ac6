// Who is signed in, where, and since when; each can be ended.
import type { JSX } from 'preact';
import type { endSession, listSessions } from '#contract/people-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { t } from '#hmi/i18n/text.ts';
import { AskButton, Problem } from '#hmi/parts/form.tsx';
import { formatMoment } from '#hmi/parts/format.ts';
import { nameOf } from '#hmi/parts/names.ts';
import { Table } from '#hmi/parts/table.tsx';
import { useList } from './use-list.ts';

export function SessionList(): JSX.Element {
  const list = useList(() => ask<typeof listSessions>('GET', '/api/sessions', {}));
  return (
    <section class="panel">
      <h2>{t('people.sessions')}</h2>
      <Problem asking={list} />
      <Table
        columns={['people.who', 'people.where', 'people.began', 'people.used', 'people.endSession']}
      >
        {(list.told.value?.sessions ?? []).map((row) => (
          <tr key={row.id} data-session={row.id}>
            <th scope="row">
              {nameOf(row.actor)}
              <small>{t(`people.kind.${row.kind}`)}</small>
            </th>
            <td>
              {row.panel ? t('people.panel') : row.address}
              {row.own && <strong class="held">{t('people.this')}</strong>}
            </td>
            <td>{formatMoment(row.began)}</td>
            <td>{formatMoment(row.used)}</td>
            <td>
              <AskButton
                title={t('people.end')}
                lack={row.own ? t('people.own') : undefined}
                act={() =>
                  void list.change(() =>
                    ask<typeof endSession>('DELETE', '/api/sessions/:id', {
                      params: { id: row.id },
                    }),
                  )
                }
              />
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
