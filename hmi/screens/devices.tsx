// The devices by their last good answer, not by their socket; and how control itself keeps pace.
import type { JSX } from 'preact';
import type { Hello, Snapshot } from '#contract/wire.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatSpan } from '#hmi/parts/format.ts';
import { Table } from '#hmi/parts/table.tsx';

export function Devices(): JSX.Element {
  const devices = store.hello.value?.devices ?? [];
  return (
    <main class="stale-scope list" tabIndex={0} aria-label={t('nav.devices')}>
      <section class="panel">
        <h2>{t('devices.title')}</h2>
        <Table
          class="devices"
          columns={[
            'devices.name',
            'devices.state',
            'devices.lastGood',
            'devices.latency',
            'devices.errors',
            'devices.late',
            'devices.connections',
          ]}
        >
          {devices.map((device) => (
            <DeviceRow
              key={device.name}
              device={device}
              state={store.devices.value?.[device.name]}
            />
          ))}
        </Table>
      </section>
      <Engine />
    </main>
  );
}

function DeviceRow(props: {
  device: Hello['devices'][number];
  state: Snapshot['devices'][string] | undefined;
}): JSX.Element {
  const { device, state } = props;
  const name = (
    <th scope="row">
      {device.name}
      <small>
        {device.driver}, {device.address}
      </small>
    </th>
  );
  if (state === undefined) {
    return (
      <tr>
        {name}
        <td colSpan={6}>{t('value.none')}</td>
      </tr>
    );
  }
  const next = state.nextTry === undefined ? undefined : state.nextTry - cellTime.value;
  return (
    <tr class={state.state}>
      {name}
      <td class="state">
        <b>{t(`devices.${state.state}`)}</b>
        {state.error !== undefined && <em>{state.error.text}</em>}
        {next !== undefined && next > 0 && (
          <small>{t('devices.next', { span: formatSpan(next + 999) })}</small>
        )}
      </td>
      <td>{sinceText(state.lastGood)}</td>
      <td>
        {state.latency.p50.toFixed(1)} / {state.latency.p99.toFixed(1)} ms
      </td>
      <td>
        {state.stale} / {state.requests}
      </td>
      <td>{state.late}</td>
      <td>{state.epoch}</td>
    </tr>
  );
}

function sinceText(utc: number | undefined): string {
  if (utc === undefined) return t('devices.never');
  const span = cellTime.value - utc;
  return span < 1000 ? t('devices.now') : t('devices.ago', { span: formatSpan(span) });
}

function Engine(): JSX.Element | null {
  const scan = store.scan.value;
  const record = store.chronicle.value;
  const period = store.hello.value?.period_ms ?? 0;
  if (scan === undefined || record === undefined) return null;
  return (
    <section class="panel engine">
      <h2>{t('devices.scan')}</h2>
      <p>
        {t('devices.scanText', {
          period,
          late: scan.late.p99.toFixed(2),
          cost: scan.cost.p99.toFixed(2),
          missed: scan.missed,
        })}
      </p>
      <h2>{t('devices.record')}</h2>
      <p>
        {!record.ok && <strong class="held">{t('devices.recordStalled')}</strong>}
        {t('devices.recordText', {
          seq: record.seq,
          waiting: record.waiting,
          commit: record.commit.p99.toFixed(2),
          bytes: (record.bytes / 1e6).toFixed(1),
        })}
      </p>
    </section>
  );
}
