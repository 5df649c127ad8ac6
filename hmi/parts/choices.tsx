// Buttons of which one, or some, are picked.
import type { ComponentChildren, JSX } from 'preact';

/** Each button's `data-value` is its value. */
export function Choices<Value extends string | number>(props: {
  readonly label: string;
  readonly values: readonly Value[];
  readonly picked: readonly Value[];
  readonly pick: (value: Value) => void;
  readonly children: (value: Value) => ComponentChildren;
}): JSX.Element {
  const { label, values, picked, pick, children } = props;
  return (
    <div class="choices" role="group" aria-label={label}>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          class="plain"
          data-value={value}
          aria-pressed={picked.includes(value)}
          onClick={() => pick(value)}
        >
          {children(value)}
        </button>
      ))}
    </div>
  );
}

/** With `value` where it was not, and without it where it was. */
export const toggled = <Value,>(all: readonly Value[], value: Value): readonly Value[] =>
  all.includes(value) ? all.filter((each) => each !== value) : [...all, value];
