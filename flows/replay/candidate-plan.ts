// Links a recorded cell with a candidate in the place of one of its flows. What the candidate reads and the
// manifest does not have becomes a tag that is always unknown; bindings that it does not use are dropped.
import type { Manifest, TagFrame } from '#contract/cell.ts';
import { deviceId, tagName } from '#contract/name.ts';
import type { FlowName, TagName } from '#contract/name.ts';
import { linkCell } from '#flows/link.ts';
import type { Linked } from '#flows/link.ts';
import type { FlowSource } from '#flows/link-report.ts';
import type { Flow } from '#flows/program.ts';

/** `sources`: all flows of the cell by the manifest's key; `replaced`: those that are candidates. */
export function linkCandidate(
  manifest: Manifest,
  sources: ReadonlyMap<string, FlowSource>,
  replaced: ReadonlySet<string>,
): Linked {
  const tags: Record<TagName, TagFrame> = { ...manifest.tags };
  const flows = { ...manifest.flows };
  for (const name of replaced as ReadonlySet<FlowName>) {
    const entry = manifest.flows[name];
    const flow = sources.get(name)?.flow;
    if (entry === undefined || flow === undefined) continue;
    const used = tagsUsed(flow);
    const bind = Object.fromEntries(
      Object.entries(entry.bind).filter(([own]) => used.includes(own)),
    ) as typeof entry.bind;
    flows[name] = { ...entry, bind };
    for (const own of used) {
      const tag = tagName(bind[own] ?? own);
      // What is kept out of the chronicle is as good as absent.
      tags[tag] = { ...(tags[tag] ?? { device: deviceId('none') }), record: true };
    }
  }
  return linkCell({ ...manifest, tags, flows }, sources);
}

/** What a flow reads, drives or notes, by the names that it has for them. */
function tagsUsed(flow: Flow): readonly string[] {
  return [
    ...flow.inputs.filter(({ system }) => !system).map(({ name }) => name),
    ...flow.outputs.map(({ name }) => name),
    ...flow.transitions.flatMap(({ notes }) =>
      notes.flatMap(({ fields }) => fields.map(({ tag }) => tag)),
    ),
  ];
}
