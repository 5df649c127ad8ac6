import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatOpposite } from '#flows/explain/opposite.ts';
import { formatExpr } from '#flows/language/format.ts';
import { compiled, tending, tendingFile } from './cell-fixture.ts';

describe('texts', () => {
  /** The text, and its opposite, of each let of a flow that declares it. */
  const flow = compiled(
    't.flow.yaml',
    `flow: t
format: cellflow/1
version: 1
scan: 20ms
inputs:
  a: {type: bool, stale: 1s}
  b: {type: bool, stale: 1s}
  n: {type: int, stale: 1s, min: 0, max: 9}
  m: {type: enum, values: [load, leave], stale: 1s}
let:
  l0: (a || b) && a
  l1: a || b && a
  l2: "!(a && b)"
  l3: "!a && b"
  l4: n * (n + 1) - (n - 1) > 3
  l5: n - (n - 1) <= 3
  l6: m == 'load'
  l7: "!good(n) || sure(a) && maybe(a || b)"
  l8: max(n, 3) != abs(-n)
  l9: "(a ? b : a) && b"
regions:
  r:
    initial: S
    states:
      S:
        rest: true
        go:
          - {id: A1, when: l0 && l1 && l2 && l3 && l4 && l5 && l6 && l7 && l8 && l9, to: S}
`,
  );
  test.each([
    ['l0', '(a || b) && a', '!((a || b) && a)'],
    ['l1', 'a || b && a', '!(a || b && a)'],
    ['l2', '!(a && b)', 'a && b'],
    ['l3', '!a && b', '!(!a && b)'],
    ['l4', 'n * (n + 1) - (n - 1) > 3', 'n * (n + 1) - (n - 1) <= 3'],
    ['l5', 'n - (n - 1) <= 3', 'n - (n - 1) > 3'],
    ['l6', "m == 'load'", "m != 'load'"],
    ['l7', '!good(n) || sure(a) && maybe(a || b)', '!(!good(n) || sure(a) && maybe(a || b))'],
    ['l8', 'max(n, 3) != abs(-n)', 'max(n, 3) == abs(-n)'],
    ['l9', '(a ? b : a) && b', '!((a ? b : a) && b)'],
  ])('%s', (name, text, opposite) => {
    const found = flow.lets.find((item) => item.name === name);
    expect(found && formatExpr(flow, found.expr)).toBe(text);
    expect(found && formatOpposite(flow, found.expr)).toBe(opposite);
  });

  test('every expression of the tending flow reads back as itself', () => {
    const source = readFileSync(tendingFile, 'utf8');
    for (const { name, expr } of tending.lets) {
      const written = new RegExp(`^  ${name}: +"?([^"#]*?)"? *(?:#.*)?$`, 'm').exec(source)?.[1];
      expect(formatExpr(tending, expr)).toBe(written);
    }
  });
});
