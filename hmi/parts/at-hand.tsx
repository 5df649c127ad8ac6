// One line of what somebody wants to know who comes to the machine: the part in hand, safety, devices, forces.
import type { ComponentChildren, JSX } from 'preact';
import { store } from '#hmi/feed/cell.ts';
import { isSafe, notedTags, safetyTags, troubledDevices } from '#hmi/feed/at-hand.ts';
import { t } from '#hmi/i18n/text.ts';
import { TagValue, tagTitle } from './value.tsx';

/** More are named on the screen of devices. */
const namedLimit = 2;

export function AtHand(): JSX.Element {
  const tags = store.hello.value?.tags ?? [];
  const safety = safetyTags(tags);
  return (
    <section class="panel at-hand" aria-label={t('hand.title')}>
      {notedTags(tags).map((info) => (
        <Item key={info.name} label={tagTitle(info, info.name)}>
          <TagValue name={info.name} />
        </Item>
      ))}
      {safety.length > 0 && <Safety names={safety.map(({ name }) => name)} />}
      <Devices />
      <Forces />
    </section>
  );
}

const Item = (props: {
  label: string;
  wrong?: boolean;
  children: ComponentChildren;
}): JSX.Element => (
  <p class={`item ${props.wrong === true ? 'wrong' : ''}`}>
    <small>{props.label}</small> {props.children}
  </p>
);

function Safety({ names }: { names: readonly string[] }): JSX.Element {
  const wrong = names.filter((name) => !isSafe(store.tag(name).value));
  return (
    <Item label={t('hand.safety')} wrong={wrong.length > 0}>
      {wrong.length === 0 && <b>{t('hand.safe')}</b>}
      {wrong.map((name) => (
        <span key={name} class="one">
          {tagTitle(store.info(name), name)} <TagValue name={name} />
        </span>
      ))}
    </Item>
  );
}

function Devices(): JSX.Element {
  const devices = store.hello.value?.devices ?? [];
  const states = store.devices.value;
  const troubled = troubledDevices(devices, states);
  const more = troubled.length - namedLimit;
  return (
    <Item label={t('hand.devices')} wrong={troubled.length > 0}>
      {troubled.length === 0 && <b>{t('hand.answer', { count: devices.length })}</b>}
      {troubled.slice(0, namedLimit).map(({ name }) => (
        <span key={name} class="one">
          {name} <b>{t(`devices.${states?.[name]?.state ?? 'unknown'}`)}</b>
        </span>
      ))}
      {more > 0 && <span class="one">{t('hand.others', { count: more })}</span>}
    </Item>
  );
}

function Forces(): JSX.Element {
  const count = Object.values(store.forces.value ?? {}).filter((force) => force !== null).length;
  return (
    <Item label={t('hand.forces')} wrong={count > 0}>
      <b>{count === 0 ? t('hand.noForces') : count}</b>
    </Item>
  );
}
