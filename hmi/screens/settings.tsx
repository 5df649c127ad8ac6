// What tunes and what holds the flows: parameters with their envelope, memory; and the page's language.
import type { JSX } from 'preact';
import type { FlowInfo } from '#contract/described.ts';
import { store } from '#hmi/feed/cell.ts';
import { me } from '#hmi/feed/me.ts';
import { pickLanguage } from '#hmi/i18n/choice.ts';
import { isLanguage, language, languages, t } from '#hmi/i18n/text.ts';
import { formatValue } from '#hmi/parts/format.ts';
import { Parameters } from '#hmi/parts/parameters.tsx';
import { beginScreens } from './begin.ts';

beginScreens();

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
    <h2>
      {t('settings.language')}{' '}
      <small>{t(me.value?.name === undefined ? 'settings.ofScreen' : 'settings.ofPerson')}</small>
    </h2>
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
