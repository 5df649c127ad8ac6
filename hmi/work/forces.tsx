// Values that a person holds: the list with its ends, and one more.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Snapshot } from '#contract/wire.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { lackOf } from '#hmi/feed/me.ts';
import { approvals } from '#hmi/feed/work.ts';
import { t } from '#hmi/i18n/text.ts';
import { ActButton } from '#hmi/parts/act-button.tsx';
import { formatSpan, formatUnit, formatValue } from '#hmi/parts/format.ts';
import { nameOf } from '#hmi/parts/names.ts';
import { soon_ms } from '#hmi/parts/strips.tsx';
import { Table } from '#hmi/parts/table.tsx';
import { isForce } from './asked.ts';
import { ForceForm } from './force-form.tsx';

type Force = NonNullable<Snapshot['forces'][string]>;

export function Forces(): JSX.Element {
  const forces = Object.entries(store.forces.value ?? {}).flatMap(([tag, force]) =>
    force === null ? [] : [{ tag, ...force }],
  );
  const blocked = lackOf('force');
  const more = useSignal(false);
  return (
    <div class="stale-scope columns">
      <section class="panel">
        <h2>{t('forces.title')}</h2>
        {forces.length === 0 && <p class="quiet">{t('forces.none')}</p>}
        {forces.length > 0 && (
          <Table
            columns={[
              'signals.name',
              'forces.value',
              'forces.reason',
              'forces.until',
              'forces.end',
            ]}
          >
            {forces.map(({ tag, ...force }) => (
              <Row key={tag} tag={tag} force={force} blocked={blocked} />
            ))}
          </Table>
        )}
      </section>
      <section class="panel">
        <h2>{t('forces.new')}</h2>
        {more.value ? (
          <ForceForm
            done={() => {
              more.value = false;
            }}
          />
        ) : (
          <div class="choices">
            <button
              type="button"
              class="plain"
              aria-disabled={blocked !== undefined}
              onClick={() => {
                if (blocked === undefined) more.value = true;
              }}
            >
              {t('forces.add')} {blocked !== undefined && <small>{blocked}</small>}
            </button>
          </div>
        )}
      </section>
    </div>
  );
}

function Row(props: {
  readonly tag: string;
  readonly force: Force;
  readonly blocked: string | undefined;
}): JSX.Element {
  const { tag, force, blocked } = props;
  const { value, reason, actor, until } = force;
  const info = store.info(tag);
  const yes = approvedBy(tag, force);
  return (
    <tr class="held">
      <th scope="row">{tag}</th>
      <td>
        <b>{formatValue(value, info)}</b> {formatUnit(info?.unit)}
        <strong class="forced">{t('look.forced')}</strong>
      </td>
      <td>
        {reason}
        <small>
          {[
            nameOf(actor),
            ...(yes === undefined ? [] : [t('forces.approvedBy', { people: yes })]),
          ].join(', ')}
        </small>
      </td>
      <td>
        <Ends left={until - cellTime.value} />
      </td>
      <td>
        <ActButton
          kind="confirm"
          title={t('forces.endIt')}
          verb="unforce"
          args={{ tag }}
          small
          {...(blocked === undefined ? {} : { blocked })}
        />
      </td>
    </tr>
  );
}

/** Who said yes to exactly this force; undefined where nobody had to. */
function approvedBy(tag: string, { value, reason, actor }: Force): string | undefined {
  const found = approvals.value.find(
    ({ used, request }) =>
      used > 0 && request.by === actor && isForce(request.what, { tag, value, reason }),
  );
  return found?.yes.map(({ by }) => nameOf(by)).join(', ');
}

/** In the last minute a force says that it ends. */
const Ends = ({ left }: { left: number }): JSX.Element => (
  <>
    {formatSpan(left)}
    {left < soon_ms && <strong class="held">{t('forces.soon')}</strong>}
  </>
);
