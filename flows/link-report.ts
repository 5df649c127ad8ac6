// What the parts of linking share: what they are given beside the manifest, how flows mention tags, and
// where problems go. It judges nothing.
import type { Diagnostic, Span } from '#contract/diagnostic.ts';
import type { Confirmation } from '#contract/driver.ts';
import type { TagName } from '#contract/name.ts';
import type { Path } from './document.ts';
import type { Flow, InputDecl, OutputDecl } from './program.ts';
import type { Problem } from './schema-problems.ts';

/** A flow that was parsed, with the text that its places refer to. */
export interface FlowSource {
  readonly flow: Flow;
  readonly file: string;
  readonly text: string;
}

/** What is known beside manifest and flows. Each may be left out; what it would judge is then not judged. */
export interface LinkFacts {
  /** The manifest's file and places, for diagnostics. */
  readonly file?: string;
  readonly place?: (path: Path) => Span;
  /** How often a tag is confirmed at the slowest. */
  readonly confirms?: (tag: TagName) => Confirmation | undefined;
  /** The type that the tag's address gives by itself. */
  readonly natural?: (tag: TagName) => 'bool' | 'int' | 'real' | 'string' | undefined;
  /** Can the tag's address be written? */
  readonly writable?: (tag: TagName) => boolean | undefined;
}

/** One mention of a tag by a flow. */
export type Use = { readonly flow: number; readonly span: Span } & (
  | { readonly kind: 'input'; readonly decl: InputDecl }
  | { readonly kind: 'output'; readonly decl: OutputDecl; readonly output: number }
  | { readonly kind: 'note' }
);

/** A problem whose place is said beside it. */
export type Finding = Omit<Problem, 'path' | 'key'>;

/** Collects what is wrong, each with its place. */
export class LinkReport {
  readonly diagnostics: Diagnostic[] = [];
  readonly #facts: LinkFacts;
  readonly #sources: readonly (FlowSource | undefined)[];

  constructor(facts: LinkFacts, sources: readonly (FlowSource | undefined)[]) {
    this.#facts = facts;
    this.#sources = sources;
  }

  manifest({ path, ...rest }: Omit<Problem, 'key'>): void {
    const span = this.#facts.place?.(path) ?? { start: 0, end: 1 };
    const file = this.#facts.file ?? 'cell.yaml';
    this.diagnostics.push({ severity: 'error', file, span, ...rest });
  }

  flow(flow: number, span: Span, problem: Finding): void {
    const file = this.#sources[flow]?.file ?? '';
    this.diagnostics.push({ severity: 'error', file, span, ...problem });
  }
}
