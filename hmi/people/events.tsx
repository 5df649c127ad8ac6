// What people did in station, from the record: sign-ins, refusals, changes of people, approvals, shells. Asked of the
// console, which bounds it and tells it to those alone who may audit.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { consoleRoutes } from '#contract/console-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { AskButton, Field, Problem, useAsking } from '#hmi/parts/form.tsx';
import { formatMoment } from '#hmi/parts/format.ts';
import { isAgent, nameOf } from '#hmi/parts/names.ts';
import { Table } from '#hmi/parts/table.tsx';
import { changesOf, eventsOf, queryOf, spans } from './event-rows.ts';
import type { EventRow, EventSpan } from './event-rows.ts';

export function Events(): JSX.Element {
  const [span, word] = [useSignal<EventSpan>('24h'), useSignal('')];
  const rows = useSignal<readonly EventRow[] | undefined>(undefined);
  const asking = useAsking();
  const look = async (): Promise<void> => {
    const body = { line: queryOf(span.value, word.value), json: true };
    const told = await asking.run(async () => {
      const answer = await ask<typeof consoleRoutes.line>('POST', '/api/console', { body });
      if (answer.kind !== 'answer' || answer.answer.ok) return answer;
      return { kind: 'failed', code: answer.answer.code ?? '', text: '' } as const;
    });
    if (told?.kind === 'json') rows.value = eventsOf(told.value);
  };
  useEffect(() => void look(), [span.value]);
  return (
    <section class="panel">
      <h2>{t('people.events')}</h2>
      <Choices
        label={t('events.span')}
        values={spans}
        picked={[span.value]}
        pick={(each) => {
          span.value = each;
        }}
      >
        {(each) => each}
      </Choices>
      <form
        class="choices"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <Field label={t('events.word')} value={word} most={80} />
        <AskButton title={t('events.look')} submit busy={asking.busy} />
      </form>
      <Problem asking={asking} />
      {rows.value?.length === 0 && <p class="quiet">{t('events.none')}</p>}
      {rows.value !== undefined && rows.value.length > 0 && (
        <Table class="events" columns={['events.at', 'people.who', 'events.what', 'events.change']}>
          {rows.value.map((row) => (
            <Row key={row.seq} row={row} />
          ))}
        </Table>
      )}
    </section>
  );
}

const Row = ({ row }: { row: EventRow }): JSX.Element => (
  <tr class={isAgent(row.actor) ? 'agent' : ''} data-event={row.event}>
    <td>
      {formatMoment(row.at)}
      <small>{t('events.entry', { seq: row.seq })}</small>
    </td>
    <th scope="row">{nameOf(row.actor)}</th>
    <td>
      {row.text}
      <small>{[row.event, row.code].filter((each) => each !== undefined).join(' ')}</small>
    </td>
    <td>
      {changesOf(row.change).map(({ name, from, to }) => (
        <p key={name}>
          {name}: <code>{from}</code> {'→'} <code>{to}</code>
        </p>
      ))}
    </td>
  </tr>
);
