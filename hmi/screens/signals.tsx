// Every tag of the cell: inputs with quality and place, outputs as asked and as sent, and what holds them apart.
import type { JSX } from 'preact';
import type { TagInfo } from '#contract/described.ts';
import type { OutputState } from '#contract/wire.ts';
import { store } from '#hmi/feed/cell.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatValue } from '#hmi/parts/format.ts';
import { HeldBy } from '#hmi/parts/driven.tsx';
import { Table } from '#hmi/parts/table.tsx';
import { TagValue, placeOf, tagTitle } from '#hmi/parts/value.tsx';
import { beginScreens } from './begin.ts';

beginScreens();

export function Signals(): JSX.Element {
  const tags = store.hello.value?.tags ?? [];
  const of = (kind: TagInfo['kind']): TagInfo[] => tags.filter((tag) => tag.kind === kind);
  return (
    <main class="stale-scope list columns" tabIndex={0} aria-label={t('nav.signals')}>
      <Tags title={t('signals.inputs')} tags={of('input')} />
      <div>
        <Outputs tags={of('output')} />
        <Tags title={t('signals.system')} tags={of('system')} />
      </div>
    </main>
  );
}

function Tags({ title, tags }: { title: string; tags: readonly TagInfo[] }): JSX.Element {
  return (
    <section class="panel">
      <h2>{title}</h2>
      <Table columns={['signals.name', 'signals.value', 'signals.place']}>
        {tags.map((info) => (
          <tr key={info.name}>
            <th scope="row">
              {tagTitle(info, info.name)}
              {info.title !== undefined && <small>{info.name}</small>}
            </th>
            <td>
              <TagValue name={info.name} />
            </td>
            <td class="place">{placeOf(info)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Outputs({ tags }: { tags: readonly TagInfo[] }): JSX.Element {
  return (
    <section class="panel">
      <h2>{t('signals.outputs')}</h2>
      <Table columns={['signals.name', 'signals.asked', 'signals.actual', 'signals.write']}>
        {tags.map((info) => (
          <OutputRow key={info.name} info={info} state={store.outputs.value?.[info.name]} />
        ))}
      </Table>
    </section>
  );
}

function OutputRow(props: { info: TagInfo; state: OutputState | undefined }): JSX.Element {
  const { info, state } = props;
  const held = state !== undefined && state.by !== 'flow';
  return (
    <tr class={held ? 'held' : ''}>
      <th scope="row">
        {tagTitle(info, info.name)}
        <small class="place">{placeOf(info)}</small>
      </th>
      <td>{state === undefined ? t('value.none') : formatValue(state.asked, info)}</td>
      <td>
        <b>{state === undefined ? t('value.none') : formatValue(state.v, info)}</b>
        {state !== undefined && <HeldBy info={info} state={state} />}
      </td>
      <td class={`write ${state?.write ?? ''}`}>
        {state === undefined ? '' : t(`write.${state.write}`)}
      </td>
    </tr>
  );
}
