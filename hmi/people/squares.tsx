// A text as a code of squares, drawn here: what it says leaves this page for nobody.
import type { JSX } from 'preact';
import { encode } from 'uqr';

const border = 2;

export function Squares({ text, label }: { text: string; label: string }): JSX.Element {
  const { data, size } = encode(text, { ecc: 'M', border });
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])));
  return (
    <svg class="squares" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path class="light" d={`M0 0h${size}v${size}h-${size}z`} />
      <path class="dark" d={dark.join('')} />
    </svg>
  );
}
