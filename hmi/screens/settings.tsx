// What tunes and what holds the flows: parameters with their envelope, forces with their end, memory; and the page's language.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import { cellTime, store } from '#hmi/feed/cell.ts';
import { pickLanguage } from '#hmi/i18n/choice.ts';
import { isLanguage, language, languages, t } from '#hmi/i18n/text.ts';
import { ActButton } from '#hmi/parts/act-button.tsx';
import { formatSpan, formatUnit, formatValue } from '#hmi/parts/format.ts';
import { Parameters } from '#hmi/parts/parameters.tsx';
import { Table } from '#hmi/parts/table.tsx';

const soon_ms = 60_000;

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
  const signedIn = store.link.value?.actor != null;
  return (
    <section class="panel">
      <h2>{t('settings.forces')}</h2>
      {forces.length === 0 && <p class="quiet">{t('settings.noForces')}</p>}
      {forces.length > 0 && (
        <Table
          columns={[
            'signals.name',
            'settings.value',
            'settings.reason',
            'settings.until',
            'settings.end',
          ]}
        >
          {forces.map(({ tag, value, reason, actor, until }) => (
            <tr key={tag} class="held">
              <th scope="row">{tag}</th>
              <td>
                <b>{formatValue(value, store.info(tag))}</b> {formatUnit(store.info(tag)?.unit)}
                <strong class="forced">{t('look.forced')}</strong>
              </td>
              <td>
                {reason}
                <small>{actor}</small>
              </td>
              <td>
                <Ends left={until - cellTime.value} />
              </td>
              <td>
                <ActButton
                  kind="confirm"
                  title={t('settings.endForce')}
                  verb="unforce"
                  args={{ tag }}
                  small
                  {...(signedIn ? {} : { blocked: t('press.signIn') })}
                />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

/** In the last minute a force says that it ends. */
const Ends = ({ left }: { left: number }): JSX.Element => (
  <>
    {formatSpan(left)}
    {left < soon_ms && <strong class="held">{t('settings.soon')}</strong>}
  </>
);
