// One output on its node: its exact type, read once for each connection, how it is written and read back,
// and which refusals may pass by themselves.
import { AttributeIds, NodeId } from 'node-opcua-client';
import type { DataType, DataValue } from 'node-opcua-client';
import { qualityOf, status, statusCode } from '#contract/quality.ts';
import type { StatusCode } from '#contract/quality.ts';
import type { TagType, Value } from '#contract/sample.ts';
import type { Exchange, OutputWire } from '#drivers/outputs.ts';
import type { Outcome } from '#drivers/supervise.ts';
import type { Answer, OpcuaLink } from './link.ts';
import type { Point } from './monitor.ts';
import { codeOf, encode, isServed, readingOf, sameValue } from './value.ts';

/** One request to the current connection, within its deadline. */
export type Ask = <T>(work: (link: OpcuaLink) => Promise<Answer<T>>) => Promise<Outcome<Answer<T>>>;

export const badNodeIdUnknown = statusCode(0x80340000);

/** Busy, starting, out of service, too much at once: it may take the value later. */
const passing: ReadonlySet<number> = new Set([
  0x80040000, 0x80050000, 0x800a0000, 0x800d0000, 0x80100000, 0x80310000, 0x80320000, 0x808b0000,
  0x808d0000,
]);

type Failed = Exclude<Exchange, { kind: 'done' }>;
/** What a node is made of, or why that is not known. */
type Typed = { readonly kind: 'type'; readonly type: DataType } | Failed;

const refused = (code: StatusCode): Failed => ({
  kind: 'refused',
  status: code,
  again: passing.has(codeOf(code)),
});
const silent: Failed = { kind: 'silent' };

/** Writes and reads back single outputs. */
export class OpcuaWire implements OutputWire<Point> {
  readonly #ask: Ask;
  readonly #types = new Map<string, DataType>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** A new connection: the program on the device may be another, with other types. */
  forget(): void {
    this.#types.clear();
  }

  async write({ node, type }: Point, value: Value): Promise<Exchange> {
    const exchange = await this.writeNode(node, value, type);
    // There is no echo: what was accepted is what the node's type makes of the value.
    return exchange.kind === 'done' ? { kind: 'done', value } : exchange;
  }

  async read({ node }: Point): Promise<Exchange> {
    const got = await this.#read([{ node, attribute: AttributeIds.Value }]);
    if (got.kind !== 'data') return got;
    const [first] = got.data;
    if (first === undefined) return silent;
    const { value, status: code } = readingOf(first);
    if (value === undefined) return refused(code);
    return { kind: 'done', value };
  }

  same({ node, type }: Point, value: Value, held: Value): boolean {
    const known = this.#types.get(node);
    return known === undefined ? value === held : sameValue(value, held, known, type);
  }

  /** The type of a node, asked for once in a connection. */
  async typeOf(node: string): Promise<Typed> {
    const known = this.#types.get(node);
    if (known !== undefined) return { kind: 'type', type: known };
    const got = await this.#read([
      { node, attribute: AttributeIds.DataType },
      { node, attribute: AttributeIds.Value },
    ]);
    if (got.kind !== 'data') return got;
    const [declared, held] = got.data;
    if (declared === undefined || held === undefined) return silent;
    const code = statusCode(declared.statusCode.value);
    if (qualityOf(code) === 'bad') return refused(code);
    const type = builtInOf(declared.value.value) ?? held.value.dataType;
    if (!isServed(type)) return refused(status.BadTypeMismatch);
    this.#types.set(node, type);
    return { kind: 'type', type };
  }

  /** Writes a value in the node's own type. */
  async writeNode(node: string, value: Value, tag: TagType): Promise<Exchange> {
    const typed = await this.typeOf(node);
    if (typed.kind !== 'type') return typed;
    const encoded = encode(value, typed.type, tag);
    if (encoded === undefined) return refused(status.BadTypeMismatch);
    const outcome = await this.#ask((link) => {
      const id = link.nodeOf(node);
      return id === undefined ? unknownNode() : link.write(id, encoded);
    });
    const got = gotOf(outcome);
    if (got.kind !== 'data') return got;
    return qualityOf(got.data) === 'bad' ? refused(got.data) : { kind: 'done', value };
  }

  async #read(
    wanted: readonly { readonly node: string; readonly attribute: AttributeIds }[],
  ): Promise<{ readonly kind: 'data'; readonly data: readonly DataValue[] } | Failed> {
    const outcome = await this.#ask((link) => {
      const nodes = wanted.flatMap(({ node, attribute }) => {
        const id = link.nodeOf(node);
        return id === undefined ? [] : [{ node: id, attribute }];
      });
      return nodes.length < wanted.length ? unknownNode() : link.read(nodes);
    });
    return gotOf(outcome);
  }
}

const unknownNode = (): Promise<Answer<never>> =>
  Promise.resolve({ kind: 'refused', status: badNodeIdUnknown });

function gotOf<T>(
  outcome: Outcome<Answer<T>>,
): { readonly kind: 'data'; readonly data: T } | Failed {
  if (outcome.kind !== 'answer') return silent;
  return outcome.value.kind === 'data' ? outcome.value : refused(outcome.value.status);
}

/** The DataType attribute, where it names a type itself and not one that was derived from it. */
function builtInOf(declared: unknown): DataType | undefined {
  if (!(declared instanceof NodeId) || declared.namespace !== 0) return undefined;
  const type = declared.value;
  return typeof type === 'number' && isServed(type) ? type : undefined;
}
