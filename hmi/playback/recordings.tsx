// Recordings of shells: which there are, what became of each; one of them is played beside what the machine did.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { RecordingSummary, listRecordings } from '#contract/recording-routes.ts';
import { ask } from '#hmi/feed/ask.ts';
import { beginWork } from '#hmi/work/begin.ts';
import { t } from '#hmi/i18n/text.ts';
import { later } from '#hmi/parts/later.tsx';
import { Problem } from '#hmi/parts/form.tsx';
import { formatMoment, formatNumber, formatSpan } from '#hmi/parts/format.ts';
import { isAgent, nameOf } from '#hmi/parts/names.ts';
import { Table } from '#hmi/parts/table.tsx';
import { useList } from '#hmi/people/use-list.ts';
import { playing } from './playing.ts';

beginWork();

const player = later(() => import('./playback.tsx').then(({ Playback }) => Playback));
const megabyte = 1_000_000;
/** Of those before: told with the next question. */
const before = signal<number | undefined>(undefined);

export function Recordings(): JSX.Element {
  return playing.value === undefined ? <List key={before.value ?? 0} /> : <player.Part />;
}

function List(): JSX.Element {
  const query = before.value === undefined ? {} : { before: before.value };
  const list = useList(() => ask<typeof listRecordings>('GET', '/api/recordings', { query }));
  const { recordings = [], more = false, bytes = 0, bound = 0 } = list.told.value ?? {};
  return (
    <section class="panel">
      <h2>{t('work.recordings')}</h2>
      <Problem asking={list} />
      {list.told.value !== undefined && recordings.length === 0 && (
        <p class="quiet">{t('recordings.none')}</p>
      )}
      {recordings.length > 0 && (
        <Table
          columns={[
            'people.who',
            'recordings.what',
            'people.began',
            'recordings.long',
            'recordings.state',
            'recordings.play',
          ]}
        >
          {recordings.map((each) => (
            <Row key={each.session} recording={each} />
          ))}
        </Table>
      )}
      <p class="quiet">
        {t('recordings.room', {
          bytes: formatNumber(bytes / megabyte, 1),
          bound: formatNumber(bound / megabyte, 0),
        })}
      </p>
      <div class="choices">
        {before.value !== undefined && (
          <button
            type="button"
            class="plain"
            onClick={() => {
              before.value = undefined;
            }}
          >
            {t('recordings.newest')}
          </button>
        )}
        {more && (
          <button
            type="button"
            class="plain"
            onClick={() => {
              before.value = recordings.at(-1)?.began;
            }}
          >
            {t('recordings.older')}
          </button>
        )}
      </div>
    </section>
  );
}

function Row({ recording }: { recording: RecordingSummary }): JSX.Element {
  const { session, state, title, by, began, duration_us, problem } = recording;
  return (
    <tr class={by !== null && isAgent(by) ? 'agent' : ''} data-recording={session}>
      <th scope="row">{by === null ? t('value.none') : nameOf(by)}</th>
      <td>{title}</td>
      <td>{formatMoment(began)}</td>
      <td>{formatSpan(duration_us / 1000)}</td>
      <td>
        {t(`recording.${state}`)}
        {problem !== undefined && <small>{problem.text}</small>}
      </td>
      <td>
        <button
          type="button"
          class="plain"
          onClick={() => {
            playing.value = session;
          }}
        >
          {t('recordings.play')}
        </button>
      </td>
    </tr>
  );
}
