// How the scripts of this folder tell what they measured: percentiles, one line a figure, and the machine.
import { cpus, loadavg } from 'node:os';

/** A percentile of samples, `part` from 0 to 1. */
export function percentile(samples, part) {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

export const mean = (samples) =>
  samples.reduce((sum, sample) => sum + sample, 0) / Math.max(1, samples.length);

/** Two digits after the point, three below 0.1. */
export const short = (value) => (Math.abs(value) < 0.1 ? value.toFixed(3) : value.toFixed(2));

/** p50, p99 and the greatest, in ms. */
export const spread = (samples) =>
  [percentile(samples, 0.5), percentile(samples, 0.99), Math.max(...samples)].map(short);

/** Prints rows as a Markdown table; the first is its head. */
export function table(rows) {
  const widths = rows[0].map((_, column) =>
    Math.max(3, ...rows.map((row) => String(row[column]).length)),
  );
  const line = (cells) =>
    `| ${cells.map((cell, column) => String(cell).padEnd(widths[column])).join(' | ')} |\n`;
  const [first, ...rest] = rows;
  const rule = widths.map((width) => '-'.repeat(width));
  process.stdout.write(`\n${[first, rule, ...rest].map(line).join('')}\n`);
}

/** The machine and its load, which every figure depends on. */
export function tellMachine(title) {
  const [{ model }] = cpus();
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(
    `${title}\n${cpus().length} cores, ${model}, Node ${process.version}, load ${load} at the start\n`,
  );
}
