// A table under named columns. It draws the head; its rows are given.
import type { ComponentChildren, JSX } from 'preact';
import { t } from '#hmi/i18n/text.ts';
import type { Key } from '#hmi/i18n/text.ts';

export function Table(props: {
  columns: readonly Key[];
  class?: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <table class={props.class}>
      <thead>
        <tr>
          {props.columns.map((column) => (
            <th key={column} scope="col">
              {t(column)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{props.children}</tbody>
    </table>
  );
}
