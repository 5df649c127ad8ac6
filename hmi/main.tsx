// The page: frame, screens, and the start of its feed. It shows and asks; it decides nothing.
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import type { JSX } from 'preact';
import { live, signIn, startFeed, store, watched } from './feed/cell.ts';
import { isUnanswered, sortAlarms } from './feed/derive.ts';
import { startLanguage } from './i18n/choice.ts';
import { t } from './i18n/text.ts';
import type { Key } from './i18n/en.ts';
import { Banner } from './parts/banner.tsx';
import { Header } from './parts/header.tsx';
import { Alarms } from './screens/alarms.tsx';
import { Devices } from './screens/devices.tsx';
import { Overview } from './screens/overview.tsx';
import { Settings } from './screens/settings.tsx';
import { Signals } from './screens/signals.tsx';

const screens = {
  overview: Overview,
  alarms: Alarms,
  signals: Signals,
  devices: Devices,
  settings: Settings,
} as const;
type ScreenName = keyof typeof screens;

const screen = signal<ScreenName>('overview');

function Page(): JSX.Element {
  const Screen = screens[screen.value];
  return (
    <div class={`page ${live.value ? 'live' : 'stale'}`}>
      <Header />
      <Banner />
      <Screen />
      <Nav />
    </div>
  );
}

function Nav(): JSX.Element {
  const open = sortAlarms(store.alarms.value).filter(isUnanswered).length;
  return (
    <nav aria-label={t('nav.label')}>
      {(Object.keys(screens) as ScreenName[]).map((name) => (
        <button
          key={name}
          type="button"
          aria-current={screen.value === name ? 'page' : undefined}
          onClick={() => {
            screen.value = name;
          }}
        >
          {t(`nav.${name}` satisfies Key)}
          {name === 'alarms' && open > 0 && <b class="count">{open}</b>}
        </button>
      ))}
    </nav>
  );
}

effect(() => {
  const hello = store.hello.value;
  if (hello === undefined) return;
  document.title = hello.title;
  watched.value = hello.flows.map(({ name }) => name);
});

// A link's key is spent at once and leaves the address, so that it is not kept in a history.
const key = /^#key=([A-Za-z0-9_-]{43})$/.exec(location.hash)?.[1];
if (location.hash !== '') history.replaceState(null, '', location.pathname);
startLanguage();
const root = document.querySelector('#app');
if (root !== null) render(<Page />, root);
// The socket carries the session that it was opened with, so signing in comes first.
if (key !== undefined) await signIn(key);
startFeed();
