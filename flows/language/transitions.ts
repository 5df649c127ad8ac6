// Reads transitions: ids, conditions, targets, what they set and note.
import type { Span } from '#contract/diagnostic.ts';
import { quoted } from '#contract/diagnostic.ts';
import type { Duration } from '#contract/time.ts';
import type { Assignment, Expr, NoteDecl, TransitionDecl } from '#flows/program.ts';
import { Fields, asMap, asScalar, checkName } from './fields.ts';
import { transitionLimit } from './limits.ts';
import type { Outline } from './outline.ts';
import { didYouMean, oneOf } from './report.ts';
import type { Sentences } from './sentences.ts';
import type { MapNode } from '#flows/tree.ts';

const transitionFields = [
  'id',
  'when',
  'unless',
  'after',
  'for',
  'except',
  'set',
  'note',
  'to',
  'why',
];

/** Where a list of transitions stands. */
export interface Holder {
  readonly region: number;
  /** -1: the region itself. */
  readonly state: number;
}

/** Conditions of a transition, before what it does is read. */
interface Conditions {
  readonly when?: Expr;
  readonly unless?: Expr;
  readonly after?: Duration;
  readonly for?: Duration;
}

export class TransitionReader {
  readonly transitions: TransitionDecl[] = [];
  /** Transitions with `for`. */
  readonly holds: number[] = [];
  /** Transitions written without `to`. */
  readonly stays: number[] = [];
  /** Transitions with `after`, even one that could not be read. */
  readonly timed = new Set<number>();
  /** Regions with a target or an initial state that does not exist. */
  readonly lost = new Set<number>();
  readonly #outline: Outline;
  readonly #sentences: Sentences;
  readonly #ids = new Set<string>();

  constructor(outline: Outline, sentences: Sentences) {
    this.#outline = outline;
    this.#sentences = sentences;
  }

  /** The indices of the transitions of one `go`. */
  readList(fields: Fields, holder: Holder): number[] {
    const list = fields.list('go');
    const { report } = this.#sentences;
    if (list === undefined && fields.has('go')) this.lost.add(holder.region);
    if (list === undefined) return [];
    return list.items.flatMap((item) => {
      if (this.transitions.length >= transitionLimit) {
        report.error('CF0002', list.span, `a flow has at most ${transitionLimit} transitions`);
        return [];
      }
      const map = asMap(report, item, 'a transition');
      return map === undefined ? [] : [this.#read(map, holder)];
    });
  }

  #read(node: MapNode, holder: Holder): number {
    const { report } = this.#sentences;
    const known = { known: transitionFields };
    const fields = new Fields(report, node, 'transition', node.span, known);
    const index = this.transitions.length;
    const id = this.#id(fields);
    const conditions = this.#conditions(fields, holder);
    const set = this.assignments(fields, 'set', holder.region);
    const notes = this.#notes(fields);
    const to = fields.has('to') ? this.#target(fields, holder) : -1;
    const why = fields.text('why');
    const hold = fields.has('for') ? this.holds.push(index) - 1 : -1;
    this.transitions.push({
      id,
      region: holder.region,
      holder: holder.state,
      ...conditions,
      hold,
      except: this.#except(fields, holder),
      set,
      to: to ?? -1,
      domain: to === undefined || to < 0 ? -1 : domainOf(this.#outline, holder.state, to),
      notes,
      ...(why === undefined ? {} : { why }),
      span: node.span,
    });
    if (fields.has('after')) this.timed.add(index);
    if (fields.has('to') && to === undefined) this.lost.add(holder.region);
    if (fields.has('to')) return index;
    this.stays.push(index);
    if (!fields.has('set') && !fields.has('note')) {
      const told = `this transition does nothing: it has no \`to\`, \`set\` or \`note\``;
      report.error('CF0311', node.span, told);
    }
    return index;
  }

  #id(fields: Fields): string {
    const { report } = this.#sentences;
    const id = fields.read('id') === undefined ? undefined : fields.scalar('id');
    if (id === undefined) return '';
    if (!/^[A-Z]{1,8}[0-9]{1,6}$/.test(id.text)) {
      const told = `${quoted(id.text)} is no id`;
      report.error('CF0105', id.span, told, 'An id is capital letters and then digits: E7.');
    } else if (this.#ids.has(id.text)) {
      report.error('CF0303', id.span, `the id ${id.text} stands twice in this flow`);
    }
    this.#ids.add(id.text);
    return id.text;
  }

  #conditions(fields: Fields, { state }: Holder): Conditions {
    const { report } = this.#sentences;
    const names = ['when', 'unless', 'after', 'for'];
    if (!names.some((name) => fields.has(name))) {
      report.error('CF0305', fields.span, `this transition has none of ${oneOf(names)}`);
    }
    const when = this.#sentences.bool(fields, 'when', 'guard');
    const unless = this.#sentences.bool(fields, 'unless', 'guard');
    const after = fields.duration('after');
    const held = fields.duration('for');
    if (fields.has('after') && state < 0) {
      const told = "`after` in a region's own `go`: a region is never entered";
      report.error('CF0307', fields.place('after'), told, 'Put it in a state, or use `for`.');
    }
    return {
      ...(when === undefined ? {} : { when }),
      ...(unless === undefined ? {} : { unless }),
      ...(after === undefined ? {} : { after }),
      ...(held === undefined ? {} : { for: held }),
    };
  }

  /** `set` and `entry`: ctx variables and what they become. */
  assignments(fields: Fields, name: 'set' | 'entry', region: number): Assignment[] {
    const place = name === 'set' ? 'guard' : 'entry';
    const found: Assignment[] = [];
    const { report, names } = this.#sentences;
    const { ctx } = names.declarations;
    for (const { key, keySpan, value } of fields.map(name)?.entries ?? []) {
      const index = ctx.index(key);
      if (index === undefined) {
        const short = key.startsWith('ctx.') ? key.slice(4) : key;
        const hint = ctx.has(short) ? `Write \`${short}\`.` : didYouMean(short, ctx.names());
        report.error('CF0202', keySpan, `there is no ctx variable ${quoted(key)}`, hint);
        continue;
      }
      this.#sentences.driven.push({ kind: 'ctx', index, region, span: keySpan });
      const decl = ctx.at(index);
      const scalar = asScalar(report, value, `\`${key}\``);
      if (scalar === undefined || decl === undefined) continue;
      const expr = this.#sentences.value(scalar, decl, place);
      if (expr !== undefined) found.push({ ctx: index, expr });
    }
    return found;
  }

  #notes(fields: Fields): NoteDecl[] {
    const { report } = this.#sentences;
    return (fields.map('note')?.entries ?? []).map(({ key, keySpan, value }): NoteDecl => {
      checkName(report, 'word', key, keySpan);
      const map = asMap(report, value, `the note \`${key}\``);
      return { kind: key, fields: map === undefined ? [] : this.#noted(map) };
    });
  }

  #noted(map: MapNode): NoteDecl['fields'] {
    const { report, names } = this.#sentences;
    const found: { name: string; tag: string; span: Span }[] = [];
    for (const { key, keySpan, value } of map.entries) {
      checkName(report, 'word', key, keySpan);
      const tag = asScalar(report, value, `\`${key}\``);
      if (tag === undefined || !checkName(report, 'dotted', tag.text, tag.span)) continue;
      found.push({ name: key, tag: tag.text, span: tag.span });
      const input = names.declarations.inputs.index(tag.text);
      if (input !== undefined) this.#sentences.noted.add(input);
    }
    return found;
  }

  #except(fields: Fields, { region, state }: Holder): number[] {
    const list = fields.list('except');
    if (list === undefined) return [];
    const { report } = this.#sentences;
    const { regions, states } = this.#outline;
    const children = (state < 0 ? regions[region]?.top : states[state]?.children) ?? [];
    const found: number[] = [];
    for (const item of list.items) {
      const scalar = asScalar(report, item, 'a state in `except`');
      if (scalar === undefined) continue;
      const child = children.find((index) => states[index]?.name === scalar.text);
      if (child !== undefined) found.push(child);
      else {
        const near = didYouMean(
          scalar.text,
          children.map((index) => states[index]?.name ?? ''),
        );
        const told = `\`except\` names children of the holder; ${quoted(scalar.text)} is none`;
        report.error('CF0301', scalar.span, told, near);
      }
    }
    return found;
  }

  /** The state that `to` names; undefined when it is told that there is none. */
  #target(fields: Fields, holder: Holder): number | undefined {
    const scalar = fields.scalar('to');
    if (scalar === undefined) return undefined;
    const { report } = this.#sentences;
    const { regions, paths } = this.#outline;
    const { text, span } = scalar;
    const [first = ''] = text.split('.', 1);
    const around = this.#around(holder);
    const sibling = paths.has(`${around}.${first}`);
    const region = sibling ? -1 : regions.findIndex(({ name }) => name === first);
    if (region >= 0 && text === first) {
      const told = `${quoted(text)} is a region, and a region is no target`;
      report.error('CF0302', span, told, 'Name one of its states.');
      return undefined;
    }
    if (region >= 0 && region !== holder.region) {
      const told = `${quoted(text)} is in another region; a transition stays in its own`;
      report.error('CF0302', span, told, 'Let that region ask `active()` or a signal.');
      return undefined;
    }
    const found = paths.get(region >= 0 ? text : `${around}.${text}`);
    if (found === undefined) this.#unknown(text, span, holder);
    return found;
  }

  /** The path of what holds the siblings of a transition's holder. */
  #around({ region, state }: Holder): string {
    const { regions, states } = this.#outline;
    const parent = states[state]?.parent ?? -1;
    return (parent < 0 ? regions[region]?.name : states[parent]?.path) ?? '';
  }

  #unknown(text: string, span: Span, holder: Holder): void {
    const { regions, states } = this.#outline;
    const own = (regions[holder.region]?.states ?? []).flatMap((index) => states[index] ?? []);
    const last = text.slice(text.lastIndexOf('.') + 1);
    const same = own.find(({ name }) => name === last);
    const around = `${this.#around(holder)}.`;
    const near = own.map(({ path }) =>
      path.startsWith(around) ? path.slice(around.length) : path,
    );
    const hint = same === undefined ? didYouMean(text, near) : `Did you mean \`${same.path}\`?`;
    const told = `there is no state ${quoted(text)} beside this one`;
    this.#sentences.report.error('CF0301', span, told, hint);
  }
}

/**
 * The deepest state that a transition neither leaves nor enters; -1: the region. A target inside the
 * holder does not enter the holder again; the holder itself is left and entered again.
 */
function domainOf({ states }: Outline, holder: number, target: number): number {
  const above = (state: number): number[] => {
    const found: number[] = [];
    let next = states[state]?.parent ?? -1;
    for (; next >= 0; next = states[next]?.parent ?? -1) found.push(next);
    return found;
  };
  const targets = above(target);
  if (targets.includes(holder)) return holder;
  const holders = new Set(above(holder));
  return targets.find((state) => holders.has(state)) ?? -1;
}
