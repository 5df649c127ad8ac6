// The demo's cell for tests that are not about its times: its inputs may be ten times as old, its gauge may answer ten
// times as late, and its disk and scans as late as they like, so that a busy machine that runs the tests stops no cell.

export interface Calm {
  /** A device that keeps the product's times. */
  readonly but?: 'io' | 'plc' | 'gauge' | 'scanner';
  /** With the product's watchdog and patience with the disk. */
  readonly hasty?: boolean;
}

export function calmManifest(manifest: string, { but, hasty = false }: Calm): string {
  const edits = [
    [but !== 'gauge', 'every: 50ms, timeout: 40ms', 'every: 500ms, timeout: 400ms'],
    [but !== 'scanner', 'title: Part code}', 'title: Part code, stale: 15s}'],
    [
      !hasty,
      'scan: {period: 20ms}',
      'scan: {period: 20ms, watchdog: 1min}\nchronicle: {stall: 30s}',
    ],
  ] as const;
  return edits.reduce((text, [wanted, from, to]) => {
    if (!text.includes(from)) throw new Error(`the demo's manifest has no ${from}`);
    return wanted ? text.replace(from, to) : text;
  }, manifest);
}

/** `manifest` says which device a tag is on. */
export function calmFlow(flow: string, manifest: string, { but }: Calm): string {
  return flow.replaceAll(
    /^( {2}([\w.]+): .*\bstale: )(\d+)(ms|s)\b/gm,
    (line: string, before: string, tag: string, count: string, unit: string) =>
      but !== undefined && deviceOf(manifest, tag) === but ? line : `${before}${count}0${unit}`,
  );
}

function deviceOf(manifest: string, tag: string): string | undefined {
  return new RegExp(`^ {2}${tag.replaceAll('.', '\\.')}: +\\{device: (\\w+)`, 'm').exec(
    manifest,
  )?.[1];
}
