import { describe, expect, test } from 'vitest';
import { compileFlows } from '#flows/compile-flows.ts';
import { linkCell } from '#flows/link.ts';
import { readManifest } from '#flows/manifest.ts';

/** A flow of one region that goes on when `when` holds. */
const flow = (name: string, signals: string, when: string): string => `flow: ${name}
format: cellflow/1
version: 1
scan: 20ms
signals: ${signals}
regions:
  r:
    initial: A
    states:
      A:
        rest: true
        go:
          - {id: A1, when: "${when}", to: B}
      B: {rest: true}
`;
const texts = (flows: Record<string, string>) =>
  new Map(Object.entries(flows).map(([name, text]) => [name, { file: `${name}.flow.yaml`, text }]));
const enumSignal = '{wants: {type: enum, values: [none, part], idle: none}}';
const intSignal = '{count: {type: int, min: 0, max: 9, idle: 0}}';

describe('flows of one cell', () => {
  test('know the types of the signals of each other, in a circle too', () => {
    const { flows, diagnostics } = compileFlows(
      texts({
        a: flow('a', enumSignal, 'flow.b.sig.count > 3'),
        b: flow('b', intSignal, "flow.a.sig.wants == 'part'"),
      }),
    );
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect([...flows.keys()]).toEqual(['a', 'b']);
    expect(flows.get('a')?.flow.foreign[0]?.type).toEqual({ kind: 'int' });
    const { manifest } = readManifest(
      'cell.yaml',
      'cell: c\nformat: cell/1\ndevices: {}\ntags: {}\nflows: {a: {file: a}, b: {file: b}}\n',
    );
    const linked = manifest && linkCell(manifest, flows);
    expect(linked?.diagnostics).toEqual([]);
    expect(linked?.plan?.flows.map(({ foreign }) => foreign)).toEqual([
      [{ flow: 1, signal: 0 }],
      [{ flow: 0, signal: 0 }],
    ]);
  });

  test('report their own mistakes, and one that is broken does not hide the others', () => {
    const { flows, diagnostics } = compileFlows(
      texts({
        a: flow('a', enumSignal, "flow.b.sig.count == 'part'"),
        b: flow('b', intSignal, 'true'),
        c: '][',
        d: flow('d', '{x: 7, y: {type: enum, values: [1]}}', 'flow.d.sig.x || flow.d.sig.y'),
      }),
    );
    expect([...flows.keys()]).toEqual(['b']);
    const files = diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ file }) => file);
    expect([...new Set(files)]).toEqual(['a.flow.yaml', 'c.flow.yaml', 'd.flow.yaml']);
  });
});
