// What tunes and what holds the flows: parameters with their envelope, memory, forces. To read; they are set with `rebe`.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { pickLanguage } from '#hmi/i18n/choice.ts';
import { isLanguage, language, languages, t } from '#hmi/i18n/text.ts';
import { formatSpan, formatUnit, formatValue } from '#hmi/parts/format.ts';
import { Table } from '#hmi/parts/table.tsx';

export function Settings(): JSX.Element {
  const flows = store.hello.value?.flows ?? [];
  return (
    <main class="stale-scope list columns" tabIndex={0} aria-label={t('nav.settings')}>
      <div>
        {flows.map((flow) => (
          <Parameters key={flow.name} flow={flow} />
        ))}
      </div>
      <div>
        <LanguagePicker />
        <Forces />
        {flows.map((flow) => (
          <Memory key={flow.name} flow={flow} />
        ))}
      </div>
    </main>
  );
}

function Parameters({ flow }: { flow: FlowInfo }): JSX.Element | null {
  const values = store.flows.value?.[flow.name]?.parameters ?? {};
  if (flow.parameters.length === 0) return null;
  return (
    <section class="panel">
      <h2>
        {t('settings.parameters')} <small>{flow.name}</small>
      </h2>
      <Table columns={['signals.name', 'settings.value', 'settings.range', 'settings.step']}>
        {flow.parameters.map((parameter) => (
          <tr key={parameter.name}>
            <th scope="row">{parameter.name}</th>
            <td>
              <b>{formatValue(values[parameter.name] ?? null, parameter)}</b>{' '}
              {formatUnit(parameter.unit)}
            </td>
            <td>{rangeText(parameter)}</td>
            <td>{stepText(parameter)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

type Parameter = FlowInfo['parameters'][number];

function rangeText({ min, max, values }: Parameter): string {
  if (values !== undefined) return values.join(', ');
  return min === undefined && max === undefined ? '' : `${min ?? ''} – ${max ?? ''}`;
}

function stepText({ maxStep, every_ms }: Parameter): string {
  if (maxStep === undefined) return '';
  if (every_ms === undefined) return String(maxStep);
  return t('settings.stepText', { step: maxStep, span: formatSpan(every_ms) });
}

function Memory({ flow }: { flow: FlowInfo }): JSX.Element | null {
  const state = store.flows.value?.[flow.name];
  const rows = [...Object.entries(state?.ctx ?? {}), ...Object.entries(state?.signals ?? {})];
  if (rows.length === 0) return null;
  return (
    <section class="panel">
      <h2>
        {t('settings.memory')} <small>{flow.name}</small>
      </h2>
      <table>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <b>{formatValue(value)}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const LanguagePicker = (): JSX.Element => (
  <section class="panel">
    <h2>{t('settings.language')}</h2>
    <div class="choices" role="group" aria-label={t('settings.language')}>
      {Object.keys(languages)
        .filter(isLanguage)
        .map((each) => (
          <button
            key={each}
            type="button"
            class="plain"
            lang={each}
            aria-pressed={each === language.value}
            onClick={() => pickLanguage(each)}
          >
            {languages[each]}
          </button>
        ))}
    </div>
  </section>
);

function Forces(): JSX.Element {
  const forces = Object.entries(store.forces.value ?? {}).flatMap(([tag, force]) =>
    force === null ? [] : [{ tag, ...force }],
  );
  return (
    <section class="panel">
      <h2>{t('settings.forces')}</h2>
      {forces.length === 0 && <p class="quiet">{t('settings.noForces')}</p>}
      {forces.length > 0 && (
        <Table columns={['signals.name', 'settings.value', 'settings.reason', 'settings.until']}>
          {forces.map(({ tag, value, reason, actor, until }) => (
            <tr key={tag} class="held">
              <th scope="row">{tag}</th>
              <td>
                <b>{formatValue(value, store.info(tag))}</b>
                <strong class="forced">{t('look.forced')}</strong>
              </td>
              <td>
                {reason}
                <small>{actor}</small>
              </td>
              <td>{formatSpan(until - cellTime.value)}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
