// The devices by their last good answer, not by their socket: those that need a look first, then all of them,
// each with its tags; and how control itself keeps pace.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Hello } from '#contract/wire.ts';
import { troubledDevices } from '#hmi/feed/at-hand.ts';
import type { DeviceState } from '#hmi/feed/at-hand.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { actionOf } from '#hmi/i18n/codes.ts';
import { t } from '#hmi/i18n/text.ts';
import type { Key } from '#hmi/i18n/text.ts';
import { DeviceTags } from '#hmi/parts/device-tags.tsx';
import { formatFineSpan, formatNumber, formatSpan } from '#hmi/parts/format.ts';
import { Truth } from '#hmi/parts/mark.tsx';
import { Table } from '#hmi/parts/table.tsx';
import { beginScreens } from './begin.ts';

beginScreens();

type Device = Hello['devices'][number];

/** The device whose tags are shown. */
const opened = signal<string | undefined>(undefined);

const columns = [
  'devices.name',
  'devices.state',
  'devices.lastGood',
  'devices.latency',
  'devices.requests',
  'devices.lost',
  'devices.late',
  'devices.connections',
] as const satisfies readonly Key[];

export function Devices(): JSX.Element {
  const devices = store.hello.value?.devices ?? [];
  const troubled = troubledDevices(devices, store.devices.value);
  const count = devices.length - troubled.length;
  return (
    <main class="stale-scope list" tabIndex={0} aria-label={t('nav.devices')}>
      <section class="panel trouble">
        <h2>{t('devices.trouble')}</h2>
        {troubled.length === 0 ? (
          <p class="quiet">{t('devices.well')}</p>
        ) : (
          <Trouble devices={troubled} />
        )}
      </section>
      <Engine />
      <section class="panel">
        <h2>
          {t('devices.title')} <b>{t('devices.count', { count, all: devices.length })}</b>
        </h2>
        <Table class="devices" columns={columns}>
          {devices.map((device) => (
            <DeviceRow key={device.name} device={device} />
          ))}
        </Table>
      </section>
    </main>
  );
}

/** What is wrong with each, and what to do about it. */
const Trouble = ({ devices }: { devices: readonly Device[] }): JSX.Element => (
  <ul class="troubled">
    {devices.map((device) => {
      const state = store.devices.value?.[device.name];
      return (
        <li key={device.name}>
          <Truth truth={state === undefined ? 'unknown' : 'false'} />
          <b>{device.name}</b>
          <strong>{t(`devices.${state?.state ?? 'unknown'}`)}</strong>
          {state !== undefined && <Problem state={state} />}
        </li>
      );
    })}
  </ul>
);

function Problem({ state }: { state: DeviceState }): JSX.Element {
  const { error, nextTry, failures } = state;
  const next = nextTry === undefined ? 0 : nextTry - cellTime.value;
  const action = error === undefined ? undefined : actionOf(error.code);
  return (
    <span class="problem">
      {error !== undefined && (
        <em>
          <code>{error.code}</code> {error.text}
        </em>
      )}
      {action !== undefined && <em>{action}</em>}
      {failures > 0 && <small>{t('devices.tried', { count: failures })}</small>}
      {next > 0 && <small>{t('devices.next', { span: formatSpan(next + 999) })}</small>}
    </span>
  );
}

function DeviceRow({ device }: { device: Device }): JSX.Element {
  const { name, driver, address } = device;
  const state = store.devices.value?.[name];
  const open = opened.value === name;
  return (
    <>
      <tr class={state?.state ?? 'unknown'}>
        <th scope="row">
          <button
            type="button"
            aria-expanded={open}
            onClick={() => {
              opened.value = open ? undefined : name;
            }}
          >
            <b>{name}</b>
            <small>
              {driver}, {address}
            </small>
          </button>
        </th>
        <Figures state={state} />
      </tr>
      {open && (
        <tr class="tags">
          <td colSpan={columns.length}>
            <DeviceTags device={name} />
          </td>
        </tr>
      )}
    </>
  );
}

function Figures({ state }: { state: DeviceState | undefined }): JSX.Element {
  if (state === undefined) return <td colSpan={columns.length - 1}>{t('devices.unknown')}</td>;
  const { latency, requests, stale, late, epoch, since } = state;
  return (
    <>
      <td class="state">
        <b>{t(`devices.${state.state}`)}</b>
        <small>{t('devices.since', { span: formatSpan(cellTime.value - since) })}</small>
      </td>
      <td>{agoText(state.lastGood)}</td>
      <td>
        {formatNumber(latency.p50, 1)} / {formatNumber(latency.p99, 1)}
      </td>
      <td>{requests}</td>
      <td>{stale}</td>
      <td>{late}</td>
      <td>{epoch}</td>
    </>
  );
}

function agoText(utc: number | undefined): string {
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
          late: formatNumber(scan.late.p99, 2),
          cost: formatNumber(scan.cost.p99, 2),
          missed: scan.missed,
        })}
      </p>
      <h2>{t('devices.record')}</h2>
      <p>
        {!record.ok && <strong class="held">{t('devices.recordStalled')}</strong>}
        {t('devices.recordText', {
          seq: record.seq,
          waiting: record.waiting,
          commit: formatNumber(record.commit.p99, 2),
          bytes: formatNumber(record.bytes / 1e6, 1),
        })}
      </p>
      <Mirror />
    </section>
  );
}

/** How what the plant is told keeps up with the record; nothing where the cell has no mirror. */
function Mirror(): JSX.Element | null {
  const mirror = store.mirror.value;
  if (mirror === undefined) return null;
  const { ok, state, broker, lag, rate, error } = mirror;
  return (
    <>
      <h2>{t('devices.mirror')}</h2>
      <p>
        {ok ? t(`mirror.${state}`) : <strong class="held">{t(`mirror.${state}`)}</strong>}{' '}
        {t('devices.mirrorText', {
          broker,
          entries: lag.entries,
          span: formatFineSpan(lag.ms),
          rate,
        })}{' '}
        {error !== undefined && (
          <em>
            {t('devices.mirrorError', { ago: agoText(error.at) })} <code>{error.code}</code>{' '}
            {error.text}
          </em>
        )}
      </p>
    </>
  );
}
