// What people do to the cell beyond its commands: approvals, forces, console, shells, recordings, people.
// What is large comes when it is opened.
import type { JSX } from 'preact';
import type { Permission } from '#contract/people.ts';
import { lackOf } from '#hmi/feed/me.ts';
import { playing } from '#hmi/playback/playing.ts';
import { beginWork } from '#hmi/work/begin.ts';
import { t } from '#hmi/i18n/text.ts';
import { Choices } from '#hmi/parts/choices.tsx';
import { later } from '#hmi/parts/later.tsx';
import { waiting } from '#hmi/parts/shown.ts';
import { Approvals } from '#hmi/work/approvals.tsx';
import { Forces } from '#hmi/work/forces.tsx';
import { tab, tabs } from '#hmi/work/tab.ts';
import type { Tab } from '#hmi/work/tab.ts';

beginWork();

const console = later(() => import('#hmi/work/console.tsx').then((part) => part.Console));
const shells = later(() => import('#hmi/shell/shells.tsx').then((part) => part.Shells));
const recordings = later(() =>
  import('#hmi/playback/recordings.tsx').then((part) => part.Recordings),
);
const people = later(() => import('#hmi/people/people.tsx').then((part) => part.People));

const parts = {
  approvals: Approvals,
  forces: Forces,
  console: console.Part,
  shells: shells.Part,
  recordings: recordings.Part,
  people: people.Part,
} as const satisfies Readonly<Record<Tab, unknown>>;
/** What one must be allowed to see a part at all. */
const needs: Readonly<Partial<Record<Tab, Permission>>> = {
  approvals: 'view',
  console: 'view',
  recordings: 'recordings',
};

export function Work(): JSX.Element {
  const shown = tab.value;
  const Part = parts[shown];
  // A recording has the screen to itself.
  const plays = shown === 'recordings' && playing.value !== undefined;
  const need = needs[shown];
  const lack = need === undefined ? undefined : lackOf(need);
  return (
    <main class={`work ${shown} ${plays ? 'plays' : ''}`} tabIndex={0} aria-label={t('nav.work')}>
      <Choices
        label={t('work.parts')}
        values={tabs}
        picked={[shown]}
        pick={(each) => {
          tab.value = each;
        }}
      >
        {(each) => (
          <>
            {t(`work.${each}`)}
            {each === 'approvals' && waiting.value > 0 && <b class="count">{waiting.value}</b>}
          </>
        )}
      </Choices>
      {lack === undefined ? <Part /> : <p class="panel quiet">{lack}</p>}
    </main>
  );
}
