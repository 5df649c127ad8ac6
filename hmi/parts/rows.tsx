// A list that may be long: so many rows are drawn at a time, and a button draws more.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '#hmi/i18n/text.ts';

const step = 50;

export function Rows<Item>(props: {
  class: string;
  items: readonly Item[];
  row: (item: Item) => JSX.Element;
}): JSX.Element {
  const { items, row } = props;
  const shown = useSignal(step);
  const rest = items.length - shown.value;
  return (
    <>
      <ul class={props.class}>{items.slice(0, shown.value).map((item) => row(item))}</ul>
      {rest > 0 && (
        <button
          type="button"
          class="plain more"
          onClick={() => {
            shown.value += step;
          }}
        >
          {t('devices.tagsMore', { count: Math.min(step, rest) })}
        </button>
      )}
    </>
  );
}
