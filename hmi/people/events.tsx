// What people did in station, from the record: sign-ins, refusals, changes of people, approvals, shells. Asked of the
// console, which bounds it and tells it to those alone who may audit.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { consoleRoutes } from '#contract/console-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { refusalText } from '#hmi/i18n/refusals.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { AskButton, Field } from '#hmi/parts/form.tsx';
import { formatMoment } from '#hmi/parts/format.ts';
import { isAgent, nameOf } from '#hmi/parts/names.ts';
import { Table } from '#hmi/parts/table.tsx';
import { changesOf, eventsOf, queryOf, spans } from './event-rows.ts';
import type { EventRow, EventSpan } from './event-rows.ts';

interface Told {
  /** Undefined until they came. */
  readonly rows?: readonly EventRow[];
  readonly problem?: string;
}

async function found(line: string, ended: AbortSignal): Promise<Told> {
  const body = { line, json: true };
  const told = await ask<typeof consoleRoutes.line>('POST', '/api/console', { body }, ended);
  if (told.kind === 'failed') return { problem: refusalText(told) };
  if (told.kind === 'ended') return {};
  const { answer } = told;
  if (answer.kind === 'json' && answer.ok) return { rows: eventsOf(answer.value) };
  return { problem: answer.code ?? answer.kind };
}

export function Events(): JSX.Element {
  const [span, word, sought] = [useSignal<EventSpan>('24h'), useSignal(''), useSignal('')];
  const told = useSignal<Told>({});
  useEffect(() => {
    const ended = new AbortController();
    const look = async (): Promise<void> => {
      const answer = await found(queryOf(span.value, sought.value), ended.signal);
      if (!ended.signal.aborted) told.value = answer;
    };
    void look();
    return () => ended.abort();
  }, [span.value, sought.value]);
  const { rows, problem } = told.value;
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
          sought.value = word.value;
        }}
      >
        <Field label={t('events.word')} value={word} most={80} />
        <AskButton title={t('events.look')} submit />
      </form>
      <p class="problem" role="alert">
        {problem}
      </p>
      {rows?.length === 0 && <p class="quiet">{t('events.none')}</p>}
      {rows !== undefined && rows.length > 0 && (
        <Table class="events" columns={['events.at', 'people.who', 'events.what', 'events.change']}>
          {rows.map((row) => (
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
