// The part of linking that makes the table of device tags: what manifest, flows and devices say of one
// tag is put together, and where they contradict each other it is reported.
import { canonicalJson, type Json } from '#contract/canonical.ts';
import type { TagType } from '#contract/sample.ts';
import type { Manifest, TagFrame } from '#contract/cell.ts';
import type { FlowName, TagName } from '#contract/name.ts';
import { formatDuration, milliseconds, type Duration } from '#contract/time.ts';
import { sameType, typeText } from '#flows/language/expression.ts';
import type { Path } from './document.ts';
import type { Finding, LinkFacts, LinkReport, Use } from './link-report.ts';
import type { TagPlan } from './plan.ts';
import type { Ranged } from './program.ts';
import { suggest } from './schema-problems.ts';

/** The shortest `stale` that is assumed where nobody says one. */
const leastStale = milliseconds(200);

export interface TagWork {
  readonly manifest: Manifest;
  readonly tags: readonly TagName[];
  /** By tag: every mention, in the order of the flows. */
  readonly uses: readonly (readonly Use[])[];
  readonly names: readonly FlowName[];
  readonly facts: LinkFacts;
  readonly report: LinkReport;
}

/** In the order of the manifest. */
export function tagPlans(work: TagWork): TagPlan[] {
  const plans = work.tags.flatMap((name, index) => {
    const frame = work.manifest.tags[name];
    return frame === undefined
      ? []
      : [tagPlan(work, frame, { name, uses: work.uses[index] ?? [] })];
  });
  checkAddresses(work, plans);
  return plans;
}

interface Tag {
  readonly name: TagName;
  readonly uses: readonly Use[];
}

type Declared = Extract<Use, { kind: 'input' | 'output' }>;

function tagPlan(work: TagWork, frame: TagFrame, tag: Tag): TagPlan {
  const declared = tag.uses.filter((use): use is Declared => use.kind !== 'note');
  const inputs = declared.filter((use) => use.kind === 'input');
  const outputs = declared.filter((use) => use.kind === 'output');
  checkOwner(work, tag, { inputs, outputs });
  checkAlike(work, tag, declared);
  const meaning = meaningOf(work, frame, tag, declared[0]?.decl);
  checkFields(work, frame, tag.name, meaning);
  checkRecord(work, frame, tag);
  const driver = outputs[0];
  const stale = driver === undefined ? staleOf(work, frame, tag.name, inputs) : undefined;
  const title = declared.find(({ decl }) => decl.title !== decl.name)?.decl.title ?? frame.title;
  const readers = driver === undefined ? tag.uses.map((use) => use.flow) : [];
  return {
    name: tag.name,
    kind: driver === undefined ? 'input' : 'output',
    ...meaning,
    ...(title === undefined ? {} : { title }),
    device: frame.device,
    ...(stale === undefined ? {} : { stale }),
    deadband: frame.deadband ?? 0,
    latch: inputs.some(({ decl }) => decl.latch),
    readBy: [...new Set(readers)].toSorted((left, right) => left - right),
    ...(driver === undefined ? {} : { driver: { flow: driver.flow, output: driver.output } }),
    recorded: frame.record,
    logged: isLogged(work, frame, {
      name: tag.name,
      used: declared.length > 0,
      type: meaning.type,
    }),
  };
}

/** What a flow works with is worth a trend, and what is kept out of the chronicle has no other place. */
function isLogged(
  { report }: TagWork,
  frame: TagFrame,
  { name, used, type }: { name: TagName; used: boolean; type: TagType },
): boolean {
  if (type !== 'string') return frame.log ?? (used || !frame.record);
  if (frame.log === true) {
    const text = `\`${name}\` is a string, and strings have no trend`;
    report.manifest({ code: 'E_MANIFEST_TYPE', path: ['tags', name, 'log'], text });
  }
  return false;
}

/** An output has one flow, and nobody reads it: what others need to know is a signal. */
function checkOwner(
  { names, report, facts }: TagWork,
  { name }: Tag,
  { inputs, outputs }: { inputs: readonly Declared[]; outputs: readonly Declared[] },
): void {
  const [driver, ...others] = outputs;
  if (driver === undefined) return;
  const owner = names[driver.flow] ?? '';
  const code = 'E_MANIFEST_OUTPUT';
  for (const other of others) {
    report.flow(other.flow, other.span, {
      code,
      text: `\`${name}\` is driven by flow \`${owner}\` already`,
      suggestion: 'Drive it in one flow, and let the other ask for it with a signal.',
    });
  }
  for (const reader of inputs) {
    report.flow(reader.flow, reader.span, {
      code,
      text: `\`${name}\` is an output of flow \`${owner}\` and cannot be read as an input`,
      suggestion: `Read a signal of \`${owner}\`, or declare what the device reads back as a tag of its own.`,
    });
  }
  if (facts.writable?.(name) === false) {
    const text = `\`${name}\` is an output, but its address cannot be written`;
    report.manifest({ code, path: ['tags', name, 'at'], text });
  }
}

/** Flows that use one tag say the same of it. */
function checkAlike({ names, report }: TagWork, tag: Tag, declared: readonly Declared[]): void {
  const [first, ...others] = declared;
  if (first === undefined) return;
  const said = sayings(first);
  for (const other of others) {
    if (other.kind !== first.kind) continue;
    for (const [what, value] of sayings(other)) {
      const before = said.get(what);
      if (before === value) continue;
      report.flow(other.flow, other.span, {
        code: 'E_MANIFEST_TYPE',
        text:
          `\`${what}\` of \`${tag.name}\` is ${value ?? 'left out'} here ` +
          `and ${before ?? 'left out'} in flow \`${names[first.flow] ?? ''}\``,
        suggestion: 'Flows that use one tag declare it alike.',
      });
    }
  }
}

function sayings({ kind, decl }: Declared): ReadonlyMap<string, string | undefined> {
  const input = kind === 'input' ? decl : undefined;
  return new Map([
    ['type', typeText(decl.type)],
    ['unit', decl.unit],
    ['min', decl.min?.toString()],
    ['max', decl.max?.toString()],
    ['stale', input?.stale === undefined ? undefined : formatDuration(input.stale)],
    ['latch', input === undefined ? undefined : String(input.latch)],
  ]);
}

type Meaning = Pick<TagPlan, 'type' | 'values' | 'unit' | 'min' | 'max'>;

/** What the tag is, after the flow that uses it, else the manifest, else the device's address. */
function meaningOf(work: TagWork, frame: TagFrame, tag: Tag, decl: Ranged | undefined): Meaning {
  const { name } = tag;
  if (decl !== undefined) checkSaid(work, frame, name, decl);
  const natural = work.facts.natural?.(name);
  const type = decl?.type.kind ?? frame.type ?? natural;
  if (type === undefined && work.facts.natural !== undefined) {
    work.report.manifest({
      code: 'E_MANIFEST_TYPE',
      path: ['tags', name],
      text: `nothing says what \`${name}\` is`,
      suggestion: 'No flow uses it: give it a `type`.',
    });
  }
  if (type !== undefined && natural !== undefined && !fits[natural].includes(type)) {
    work.report.manifest({
      code: 'E_MANIFEST_TYPE',
      path: ['tags', name, 'at'],
      text: `\`${name}\` is ${type}, but this address gives ${natural}`,
    });
  }
  const unit = decl?.unit ?? frame.unit;
  const min = decl?.min ?? frame.min;
  const max = decl?.max ?? frame.max;
  return {
    type: type ?? 'real',
    values: decl?.type.kind === 'enum' ? decl.type.values : (frame.values ?? []),
    ...(unit === undefined ? {} : { unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

/** By the type that an address gives: what a tag there may be. */
const fits: Readonly<Record<'bool' | 'int' | 'real' | 'string', readonly TagType[]>> = {
  bool: ['bool'],
  int: ['int', 'real', 'enum'],
  real: ['real'],
  string: ['string'],
};

/** The manifest may repeat what the flow says of a tag, and nothing else. */
function checkSaid({ report }: TagWork, frame: TagFrame, name: TagName, decl: Ranged): void {
  const wrong = (field: string, said: string): void =>
    report.manifest({
      code: 'E_MANIFEST_TYPE',
      path: ['tags', name, field],
      text: `the flow that uses \`${name}\` says ${said}`,
      suggestion: `Leave \`${field}\` out here.`,
    });
  if (frame.type !== undefined && frame.type !== decl.type.kind) wrong('type', typeText(decl.type));
  if (frame.values !== undefined && !sameType({ kind: 'enum', values: frame.values }, decl.type))
    wrong('values', typeText(decl.type));
  for (const field of ['unit', 'min', 'max'] as const) {
    if (frame[field] !== undefined && frame[field] !== decl[field])
      wrong(field, `\`${field}\` is ${decl[field] ?? 'left out'}`);
  }
}

/** Fields of the manifest that only some types have. */
function checkFields({ report }: TagWork, frame: TagFrame, name: TagName, is: Meaning): void {
  const wrong = (field: string, text: string): void => {
    const path: Path = ['tags', name, field];
    report.manifest({ code: 'E_MANIFEST_TYPE', path, text });
  };
  if (is.type === 'enum' && is.values.length === 0)
    wrong('type', `\`${name}\` is an enum without \`values\``);
  const numeric = is.type === 'int' || is.type === 'real';
  for (const field of ['scale', 'rawValid', 'deadband', 'min', 'max'] as const) {
    if (frame[field] !== undefined && !numeric)
      wrong(field, `\`${field}\` is for numbers; \`${name}\` is ${is.type}`);
  }
  for (const field of ['map', 'values'] as const) {
    if (frame[field] !== undefined && is.type !== 'enum')
      wrong(field, `\`${field}\` is for an enum; \`${name}\` is ${is.type}`);
  }
  if (is.type !== 'enum') return;
  const numbers = is.values.map((value, index) => frame.map?.[value] ?? index);
  if (new Set(numbers).size < numbers.length) wrong('map', 'two values have one number');
  for (const key of Object.keys(frame.map ?? {})) {
    if (is.values.includes(key)) continue;
    report.manifest({
      code: 'E_MANIFEST_REFERENCE',
      path: ['tags', name, 'map', key],
      text: `\`${name}\` has no value \`${key}\``,
      ...suggest(key, is.values, 'Its values'),
    });
  }
}

function checkRecord({ names, report }: TagWork, frame: TagFrame, { name, uses }: Tag): void {
  const [first] = uses;
  if (frame.record || first === undefined) return;
  const verb = first.kind === 'output' ? 'drives' : first.kind === 'note' ? 'notes' : 'reads';
  report.manifest({
    code: 'E_MANIFEST_RECORD',
    path: ['tags', name, 'record'],
    text: `flow \`${names[first.flow] ?? ''}\` ${verb} \`${name}\`, so it must be recorded`,
  });
}

/** The shortest that anybody says; else what the device can keep. Nothing shorter than the device can keep. */
function staleOf(
  { facts, report }: TagWork,
  frame: TagFrame,
  name: TagName,
  inputs: readonly Declared[],
): Duration | undefined {
  const confirmed = facts.confirms?.(name);
  const least = confirmed === undefined ? 0 : confirmed.period * confirmed.least;
  const said = inputs.flatMap((use) =>
    use.kind === 'input' && use.decl.stale !== undefined ? [{ use, stale: use.decl.stale }] : [],
  );
  const short = (stale: Duration): Finding => ({
    code: 'E_MANIFEST_TIME',
    text:
      `\`stale\` of \`${name}\` is ${formatDuration(stale)}; its device confirms it each ` +
      `${formatDuration(confirmed?.period ?? stale)}, and ${confirmed?.least ?? 0} of these may pass`,
    suggestion: `Write ${formatDuration(milliseconds(least))} or more, or poll more often.`,
  });
  for (const { use, stale } of said) {
    if (stale < least) report.flow(use.flow, use.span, short(stale));
  }
  if (frame.stale !== undefined && frame.stale < least)
    report.manifest({ path: ['tags', name, 'stale'], ...short(frame.stale) });
  const all = [
    ...said.map(({ stale }) => stale),
    ...(frame.stale === undefined ? [] : [frame.stale]),
  ];
  if (all.length > 0) return milliseconds(Math.min(...all));
  if (confirmed === undefined) return undefined;
  return milliseconds(Math.max(leastStale, confirmed.period * confirmed.usual));
}

/** Two outputs at one address would be two flows driving one wire. */
function checkAddresses({ manifest, report }: TagWork, plans: readonly TagPlan[]): void {
  const taken = new Map<string, TagName>();
  for (const { name, kind } of plans) {
    const frame = manifest.tags[name];
    if (kind !== 'output' || frame?.at === undefined) continue;
    const address = `${frame.device} ${canonicalJson(frame.at as Json)}`;
    const other = taken.get(address);
    if (other === undefined) {
      taken.set(address, name);
      continue;
    }
    const text = `\`${name}\` is at the address of \`${other}\`; both are outputs`;
    report.manifest({ code: 'E_MANIFEST_OUTPUT', path: ['tags', name, 'at'], text });
  }
}
