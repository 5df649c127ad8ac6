// Reads one source text and says which rules it breaks. It parses: comments and strings deceive nobody.
import { posix } from 'node:path';
import { parseSync } from 'vite';
import type { FolderRule } from './rules.ts';
import { anywhere, folderRules, moduleRules, syntaxRules } from './rules.ts';

interface Found {
  /** Specifiers as written; of a computed import none is known. */
  readonly imports: readonly string[];
  /** Operators and calls that some folders may not use. */
  readonly syntax: ReadonlySet<string>;
}

/** Everything wrong with one file; its path is from the root of the repository. */
export function violations(file: string, text: string): string[] {
  const { imports, syntax } = read(file, text);
  const wrong = imports.flatMap((specifier) => importViolations(file, specifier));
  for (const { where, never, except = [] } of syntaxRules) {
    const applies = begins(file, where) && !except.includes(file);
    if (applies && syntax.has(never)) wrong.push(`${file}: ${never}`);
  }
  return wrong;
}

/** The rule of a folder that decides for a file; tests and benchmarks may import anything. */
export function ruleOf(file: string): FolderRule | 'free' | undefined {
  if (begins(file, ['test/', 'bench/']) || !file.includes('/')) return 'free';
  return folderRules.find(({ who }) => file.startsWith(who));
}

function importViolations(file: string, specifier: string): string[] {
  const rule = ruleOf(file);
  if (rule === undefined) return [`${file}: no rule says what this folder may import`];
  const target = resolved(file, specifier);
  const said = `${file} imports ${specifier}`;
  if (rule === 'free' || specifier.includes('../')) return [];
  const wrong: string[] = [];
  const allowed =
    target.kind === 'tree'
      ? begins(target.name, rule.tree)
      : target.kind === 'node'
        ? rule.node
        : [...rule.packages, ...anywhere].includes(target.name);
  if (!allowed) wrong.push(`${said}, which ${rule.who} may not`);
  for (const { module, only } of moduleRules) {
    const meant = module.endsWith('/') ? target.name.startsWith(module) : target.name === module;
    if (meant && !begins(file, only)) wrong.push(`${said}, which only ${only.join(', ')} may`);
  }
  return wrong;
}

/**
 * Ways from a file of the tree through what it imports, types too, back to itself; each once. A file is
 * named as from the root of the repository.
 */
export function circles(texts: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const follow = (file: string): void => {
    const text = texts.get(file);
    if (text === undefined || done.has(file)) return;
    const back = way.indexOf(file);
    if (back !== -1) {
      found.push([...way.slice(back), file].join(' > '));
      return;
    }
    way.push(file);
    for (const specifier of read(file, text).imports) follow(resolved(file, specifier).name);
    way.pop();
    done.add(file);
  };
  for (const file of texts.keys()) follow(file);
  return found;
}

const begins = (path: string, starts: readonly string[]): boolean =>
  starts.some((start) => path.startsWith(start));

type Target = { readonly kind: 'tree' | 'node' | 'package'; readonly name: string };

function resolved(file: string, specifier: string): Target {
  if (specifier.startsWith('.'))
    return { kind: 'tree', name: posix.join(posix.dirname(file), specifier) };
  if (specifier.startsWith('#')) return { kind: 'tree', name: specifier.slice(1) };
  if (specifier.startsWith('node:')) return { kind: 'node', name: specifier };
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
  return { kind: 'package', name };
}

function read(file: string, text: string): Found {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message ?? ''}`);
  const imports: string[] = [];
  const syntax = new Set<string>();
  walk(program, (node) => {
    const source = sourceOf(node);
    if (source !== undefined) {
      const specifier = isNode(source) ? source['value'] : undefined;
      if (typeof specifier === 'string') imports.push(specifier);
      else syntax.add('a computed import');
    }
    const { operator } = node;
    if (operator === '**' || operator === '**=') syntax.add(operator);
    const member = mathMember(node);
    if (member !== undefined) syntax.add(member);
  });
  if (imports.some((specifier) => specifier.includes('../'))) syntax.add('../');
  return { imports, syntax };
}

type Node = Readonly<Record<string, unknown>> & { readonly operator?: unknown };

/** What a node of the tree imports: the expression after `from`, or in the parentheses. */
function sourceOf(node: Node): unknown {
  switch (node['type']) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return node['source'];
    case 'ExportNamedDeclaration':
      return node['source'] ?? undefined;
    case 'TSExternalModuleReference':
      return node['expression'];
    case 'CallExpression':
      return isName(node['callee'], 'require') ? firstOf(node['arguments']) : undefined;
    default:
      return undefined;
  }
}

/** `Math.pow`, however it is written. */
function mathMember(node: Node): string | undefined {
  if (node['type'] !== 'MemberExpression' || !isName(node['object'], 'Math')) return undefined;
  const { property } = node as { property?: unknown };
  if (!isNode(property)) return undefined;
  return `Math.${String(property['name'] ?? property['value'])}`;
}

const isName = (value: unknown, name: string): boolean =>
  isNode(value) && value['type'] === 'Identifier' && value['name'] === name;

const firstOf = (list: unknown): unknown => (Array.isArray(list) ? list[0] : undefined);

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node)['type'] === 'string';

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  if (!isNode(value)) return;
  visit(value);
  for (const part of Object.values(value)) walk(part, visit);
}
