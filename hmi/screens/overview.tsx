// The cell at a glance: what it does, since when, what it waits for, what stopped it, what can be done.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { store } from '#hmi/feed/cell.ts';
import { faceOf, mainRegion, outerState } from '#hmi/feed/derive.ts';
import { t } from '#hmi/i18n/text.ts';
import { Commands } from '#hmi/parts/commands.tsx';
import { Driven } from '#hmi/parts/driven.tsx';
import { Now } from '#hmi/parts/now.tsx';
import { Regions } from '#hmi/parts/regions.tsx';
import { StoppedBy, ToRunAgain } from '#hmi/parts/stopped.tsx';
import { indicatorsOf } from '#hmi/feed/indicators.ts';
import { AtHand } from '#hmi/parts/at-hand.tsx';
import { Indicator } from '#hmi/parts/indicator.tsx';

/** The flow and region that somebody picked; until then the cell's face. */
const pickedFlow = signal<string | undefined>(undefined);
const pickedRegion = signal<string | undefined>(undefined);
/** More than these stand in two columns. */
const columnLimit = 4;

export function Overview(): JSX.Element {
  const hello = store.hello.value;
  const flow = hello?.flows.find(({ name }) => name === pickedFlow.value) ?? faceOf(hello);
  if (hello === undefined || flow === undefined) {
    return <main class="stale-scope overview" aria-label={t('nav.overview')} />;
  }
  const known = flow.regions.some(({ name }) => name === pickedRegion.value);
  const region = known ? (pickedRegion.value ?? '') : mainRegion(flow);
  const unit = store.flows.value?.[flow.name]?.regions[mainRegion(flow)]?.state ?? '';
  const runs = /\.(?:Execute|Suspended)$/.test(outerState(unit));
  return (
    <main class={`stale-scope overview ${runs ? 'runs' : 'stands'}`} aria-label={t('nav.overview')}>
      {hello.flows.length > 1 && (
        <FlowPicker names={hello.flows.map(({ name }) => name)} picked={flow.name} />
      )}
      <div class="side">
        <Measured />
        <Regions
          flow={flow}
          picked={region}
          pick={(name) => {
            pickedRegion.value = name;
          }}
        />
      </div>
      <Now flow={flow} region={region} />
      <div class="back">
        <StoppedBy flow={flow} runs={runs} />
        {!runs && <ToRunAgain flow={flow} />}
        <Driven flow={flow.name} runs={runs} />
      </div>
      <AtHand />
      <Commands key={flow.name} flow={flow} />
    </main>
  );
}

function Measured(): JSX.Element | null {
  const numbers = indicatorsOf(store.hello.value?.tags ?? []);
  if (numbers.length === 0) return null;
  const many = numbers.length > columnLimit;
  return (
    <section class={`panel measured ${many ? 'many' : ''}`} aria-label={t('measured.title')}>
      <ul class="scroll" tabIndex={0}>
        {numbers.map((info) => (
          <Indicator key={info.name} info={info} />
        ))}
      </ul>
    </section>
  );
}

const FlowPicker = ({
  names,
  picked,
}: {
  names: readonly string[];
  picked: string;
}): JSX.Element => (
  <div class="flows" role="group" aria-label={t('header.flow')}>
    {names.map((name) => (
      <button
        key={name}
        type="button"
        class="plain"
        aria-pressed={name === picked}
        onClick={() => {
          pickedFlow.value = name;
          pickedRegion.value = undefined;
        }}
      >
        {name}
      </button>
    ))}
  </div>
);
