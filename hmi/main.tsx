// The page: frame, screens, and the start of its feed. It shows and asks; it decides nothing.
import { effect } from '@preact/signals';
import { render } from 'preact';
import type { JSX } from 'preact';
import { live, signIn, startFeed, store, watched } from './feed/cell.ts';
import { isUnanswered, sortAlarms } from './feed/derive.ts';
import { startMe } from './feed/me.ts';
import { startLanguage } from './i18n/choice.ts';
import { t } from './i18n/text.ts';
import type { Key } from './i18n/text.ts';
import { Banner } from './parts/banner.tsx';
import { Header } from './parts/header.tsx';
import { later } from './parts/later.tsx';
import { over, screen, waiting } from './parts/shown.ts';
import type { ScreenName } from './parts/shown.ts';
import { Alarms } from './screens/alarms.tsx';
import { Overview } from './screens/overview.tsx';

const trends = later(() => import('./screens/trends.tsx').then(({ Trends }) => Trends));
const signals = later(() => import('./screens/signals.tsx').then(({ Signals }) => Signals));
const devices = later(() => import('./screens/devices.tsx').then(({ Devices }) => Devices));
const settings = later(() => import('./screens/settings.tsx').then(({ Settings }) => Settings));
const work = later(() => import('./screens/work.tsx').then(({ Work }) => Work));
const strips = later(() => import('./parts/strips.tsx').then(({ Strips }) => Strips), true);

const screens = {
  overview: Overview,
  alarms: Alarms,
  trends: trends.Part,
  signals: signals.Part,
  devices: devices.Part,
  settings: settings.Part,
  work: work.Part,
} as const satisfies Readonly<Record<ScreenName, unknown>>;

const trendsLink = '#trends';
const isTrends = (): boolean => location.hash.startsWith(trendsLink);
if (isTrends()) screen.value = 'trends';

function Page(): JSX.Element {
  const Screen = screens[screen.value];
  const Over = over.value;
  return (
    <div class={`page ${live.value ? 'live' : 'stale'}`}>
      <Header />
      <Banner />
      <div class="strips">
        <strips.Part />
      </div>
      <Screen />
      <Nav />
      {Over !== undefined && <Over />}
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
          data-screen={name}
          aria-current={screen.value === name ? 'page' : undefined}
          onClick={() => {
            screen.value = name;
          }}
        >
          {t(`nav.${name}` satisfies Key)}
          {name === 'alarms' && open > 0 && <b class="count">{open}</b>}
          {name === 'work' && waiting.value > 0 && <b class="count">{waiting.value}</b>}
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

// Once the cell is seen, what is small comes too, so that it is there when the connection is not.
const settled = effect(() => {
  if (!live.value) return;
  for (const part of [signals, devices, settings, strips, work]) part.load();
  queueMicrotask(() => settled());
});

// The address names a trend while one is shown, so that it can be passed on.
effect(() => {
  if (screen.value !== 'trends' && isTrends()) history.replaceState(null, '', location.pathname);
});
addEventListener('hashchange', () => {
  if (isTrends()) screen.value = 'trends';
});

// Schemas that come with later parts judge without making functions of text, which the page's policy forbids.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

// A link's key is spent at once and leaves the address, so that it is not kept in a history.
const key = /^#key=([A-Za-z0-9_-]{43})$/.exec(location.hash)?.[1];
if (location.hash !== '' && !isTrends()) history.replaceState(null, '', location.pathname);
await startLanguage();
const root = document.querySelector('#app');
if (root !== null) render(<Page />, root);
// The socket carries the session that it was opened with, so signing in comes first.
if (key !== undefined) await signIn(key);
startFeed();
startMe();
