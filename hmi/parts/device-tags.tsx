// The tags of one device: value, quality, for how long it has been so, and after which silence it turns bad.
// However many there are, so many are drawn at a time.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { TagInfo } from '#contract/described.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { t } from '#hmi/i18n/text.ts';
import { HeldBy, isLost } from './driven.tsx';
import { formatFineSpan, formatSpan, formatValue } from './format.ts';
import { Table } from './table.tsx';
import { TagValue, tagTitle } from './value.tsx';

const step = 100;

export function DeviceTags({ device }: { device: string }): JSX.Element {
  const shown = useSignal(step);
  const tags = (store.hello.value?.tags ?? []).filter((tag) => tag.device === device);
  const rest = tags.length - shown.value;
  if (tags.length === 0) return <p class="quiet">{t('devices.noTags')}</p>;
  return (
    <div role="group" aria-label={t('devices.tags', { device })}>
      <Table
        columns={[
          'signals.name',
          'signals.value',
          'devices.place',
          'devices.unchanged',
          'devices.stale',
        ]}
      >
        {tags.slice(0, shown.value).map((info) => (
          <TagRow key={info.name} info={info} />
        ))}
      </Table>
      {rest > 0 && (
        <button
          type="button"
          class="plain"
          onClick={() => {
            shown.value += step;
          }}
        >
          {t('devices.tagsMore', { count: Math.min(step, rest) })}
        </button>
      )}
    </div>
  );
}

function TagRow({ info }: { info: TagInfo }): JSX.Element {
  const { name, title, kind, place, stale_ms } = info;
  const at = store.tag(name).value?.t;
  return (
    <tr>
      <th scope="row">
        {tagTitle(info, name)}
        {title !== undefined && <small>{name}</small>}
      </th>
      <td>{kind === 'output' ? <Sent info={info} /> : <TagValue name={name} />}</td>
      <td class="place">{place}</td>
      <td>{at === undefined || kind === 'output' ? '' : formatSpan(cellTime.value - at)}</td>
      <td>{stale_ms === undefined ? '' : formatFineSpan(stale_ms)}</td>
    </tr>
  );
}

/** What is asked of the device now, and whether it confirmed it. */
function Sent({ info }: { info: TagInfo }): JSX.Element {
  const state = store.outputs.value?.[info.name];
  if (state === undefined) return <>{t('value.none')}</>;
  return (
    <>
      <b>{formatValue(state.v, info)}</b>{' '}
      {!isLost(state) && <span class="write">{t(`write.${state.write}`)}</span>}
      <HeldBy info={info} state={state} />
    </>
  );
}
