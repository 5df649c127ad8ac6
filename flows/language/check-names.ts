// Checks of declarations as a whole: names that collide, what nothing uses, who drives what.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { Draft } from './draft.ts';

export function checkNames(draft: Draft): void {
  collisions(draft);
  oneDriver(draft);
  if (draft.sentences.broken || draft.regions.length === 0) return;
  unused(draft);
  accepted(draft);
}

/** A tag is read or driven, not both; `do` names outputs and signals alike. */
function collisions({ sentences, top }: Draft): void {
  const { report, names } = sentences;
  const { inputs, outputs } = names.declarations;
  for (const [section, taken, other] of [
    ['outputs', inputs, 'an input'],
    ['signals', outputs, 'an output'],
  ] as const) {
    for (const { key, keySpan } of entriesOf(top, section)) {
      if (taken.has(key))
        report.error('CF0106', keySpan, `${quoted(key)} is ${other} already`, 'Rename one.');
    }
  }
}

function oneDriver({ sentences, outline }: Draft): void {
  const first = new Map<string, number>();
  for (const { kind, index, region, span } of sentences.driven) {
    const key = `${kind} ${index}`;
    const owner = first.get(key) ?? region;
    first.set(key, owner);
    if (owner === region) continue;
    const name = outline.regions[owner]?.name ?? '';
    const told = `this ${kind} is driven from the region \`${name}\` already`;
    const hint = 'Let one region drive it and ask `active()` of the other.';
    sentences.report.error('CF0308', span, told, hint);
  }
}

function unused({ sentences, top }: Draft): void {
  const { report, names, noted } = sentences;
  const { inputs } = names.declarations;
  for (const { key, keySpan } of entriesOf(top, 'inputs')) {
    if (!names.used.has(key) && !noted.has(inputs.index(key) ?? -1))
      report.error('CF0501', keySpan, `nothing reads the input ${quoted(key)}`);
  }
  for (const [section, prefix, what] of [
    ['params', 'param', 'the parameter'],
    ['commands', 'cmd', 'the command'],
  ] as const) {
    for (const { key, keySpan } of entriesOf(top, section)) {
      if (!names.used.has(`${prefix}.${key}`))
        report.error('CF0501', keySpan, `nothing reads ${what} ${quoted(key)}`);
    }
  }
  for (const { key, keySpan } of entriesOf(top, 'let')) {
    if (!names.used.has(key)) report.warning('CF0501', keySpan, `nothing uses ${quoted(key)}`);
  }
}

/** Each command stands in the condition of some transition. */
function accepted({ sentences, top, transitions }: Draft): void {
  const { report, names, reads } = sentences;
  const { commands } = names.declarations;
  const taken = new Set<number>();
  for (const { when, unless } of transitions) {
    for (const expr of [when, unless]) {
      if (expr === undefined) continue;
      for (const command of reads.of(expr).get('command') ?? []) taken.add(command);
    }
  }
  for (const { key, keySpan } of entriesOf(top, 'commands')) {
    if (!names.used.has(`cmd.${key}`) || taken.has(commands.index(key) ?? -1)) continue;
    const hint = 'Use it in the `when` of a transition.';
    report.error('CF0502', keySpan, `no state accepts the command ${quoted(key)}`, hint);
  }
}

function entriesOf(top: Draft['top'], name: string): readonly { key: string; keySpan: Span }[] {
  const node = top.find(name);
  return node?.kind === 'map' ? node.entries : [];
}
