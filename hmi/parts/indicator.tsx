// A number beside its normal band: read from afar, and where it is against its limits before the digits are read.
// Colour only while an alarm stands that one of its limits raised.
import type { JSX } from 'preact';
import type { TagInfo } from '#contract/described.ts';
import { store } from '#hmi/feed/cell.ts';
import { alarmOf, bandOf, outsideOf, scaleOf, shareOf } from '#hmi/feed/indicators.ts';
import type { Band } from '#hmi/feed/indicators.ts';
import { t } from '#hmi/i18n/text.ts';
import { formatEnd, qualityText } from './format.ts';
import { Priority } from './mark.tsx';
import { TagValue, tagTitle } from './value.tsx';

export function Indicator({ info }: { info: TagInfo }): JSX.Element {
  const { name } = info;
  const band = bandOf(info, (flow, parameter) => store.flows.value?.[flow]?.parameters[parameter]);
  const state = store.tag(name).value;
  const known = qualityText(state).quality !== 'bad' && typeof state?.v === 'number';
  const value = known && typeof state?.v === 'number' ? state.v : undefined;
  const outside = value === undefined ? undefined : outsideOf(band, value);
  const priority = value === undefined ? undefined : alarmOf(band, value, store.alarms.value ?? {});
  const bound = outside === undefined ? undefined : band[outside];
  return (
    <li class={`indicator ${priority === undefined ? '' : `abnormal p${priority}`}`}>
      <span class="name">
        {priority !== undefined && <Priority priority={priority} waits={false} />}
        <span class="title">{tagTitle(info, name)}</span>
        {outside !== undefined && bound !== undefined && (
          <span class="outside">
            <span aria-hidden="true">{outside === 'low' ? '▼ ' : '▲ '}</span>
            {t(`measured.${outside}`, { at: formatEnd(bound) })}
          </span>
        )}
      </span>
      <TagValue name={name} brief />
      <Scale info={info} band={band} value={value} />
    </li>
  );
}

/** The range with the normal band on it, a tick for each limit, and the value as a bar. */
function Scale(props: { info: TagInfo; band: Band; value: number | undefined }): JSX.Element {
  const { info, band, value } = props;
  const scale = scaleOf(info, band, value);
  const at = (number: number): string => `${shareOf(number, scale) * 100}%`;
  const { low = scale.from, high = scale.to, bounds } = band;
  return (
    <span class="scale" aria-hidden="true">
      <small>{formatEnd(scale.from)}</small>
      <span class={`bar ${value === undefined ? 'bad' : ''}`}>
        {(band.low !== undefined || band.high !== undefined) && (
          <span
            class="band"
            style={{ left: at(low), right: `${100 - shareOf(high, scale) * 100}%` }}
          />
        )}
        {value !== undefined && <span class="fill" style={{ width: at(value) }} />}
        {bounds.map((bound, index) => (
          <span key={index} class="tick" style={{ left: at(bound.at) }} />
        ))}
      </span>
      <small>{formatEnd(scale.to)}</small>
    </span>
  );
}
