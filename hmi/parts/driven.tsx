// Outputs that are away from their safe value now, and those that something holds or that do not arrive:
// what the machine is being told, beside what it says.
import type { JSX } from 'preact';
import type { TagInfo } from '#contract/described.ts';
import type { OutputState } from '#contract/wire.ts';
import { store } from '#hmi/feed/cell.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatValue } from './format.ts';
import { tagTitle } from './value.tsx';

/** Of a machine that stands only what is worth a look: then, without any, it is left out. */
export function Driven({ flow, runs }: { flow: string; runs: boolean }): JSX.Element | null {
  const states = store.outputs.value ?? {};
  const outputs = (store.hello.value?.tags ?? []).flatMap((info) => {
    const state = states[info.name];
    const mine = info.kind === 'output' && info.flow === flow;
    return mine && state !== undefined && isTold(info, state) ? [{ info, state }] : [];
  });
  if (!runs && outputs.length === 0) return null;
  return (
    <section class="panel driven" aria-label={t('driven.title')}>
      <h2>{t('driven.title')}</h2>
      {outputs.length === 0 && <p class="quiet">{t('driven.none')}</p>}
      <ul class="parts scroll" tabIndex={0}>
        {outputs.map(({ info, state }) => (
          <li key={info.name} class={`leaf ${isOdd(state) ? 'false' : ''}`}>
            <span class="text">{tagTitle(info, info.name)}</span>
            <span class="value">
              <b>{formatValue(state.v, info)}</b>
            </span>
            <HeldBy info={info} state={state} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What holds an output away from what its flow asks, or that it does not arrive. */
export function HeldBy({ info, state }: { info: TagInfo; state: OutputState }): JSX.Element {
  const { by, asked, v, interlock = '', write } = state;
  return (
    <>
      {by !== 'flow' && (
        <strong class={by === 'force' ? 'forced' : 'held'}>
          {t(`by.${by}`, { name: interlock })}
        </strong>
      )}
      {by !== 'flow' && asked !== v && (
        <small>{t('driven.asked', { value: formatValue(asked, info) })}</small>
      )}
      {isLost(state) && <strong class="held">{t(`write.${write}`)}</strong>}
    </>
  );
}

/** The device did not do what it was asked. */
export const isLost = ({ write }: OutputState): boolean =>
  write !== 'confirmed' && write !== 'pending';
const isOdd = (state: OutputState): boolean => state.by !== 'flow' || isLost(state);
const isTold = ({ safe }: TagInfo, state: OutputState): boolean => state.v !== safe || isOdd(state);
