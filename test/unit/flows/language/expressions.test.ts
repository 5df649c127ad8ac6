// language.md section 3: expressions, their types and units, and what they may not say.
import { describe, expect, test } from 'vitest';
import type { Expr, Flow } from '#flows/program.ts';
import { compileFlow } from '#flows/language/compile.ts';
import { formatExpr } from '#flows/language/format.ts';
import type { Refusal } from './sources.ts';
import { cleanFlow, refusal, flowText, withGuard, withMore, withTransition } from './sources.ts';

/** The guard as the compiler has it. */
function guardOf(expression: string): { flow: Flow; expr: Expr } {
  const flow = cleanFlow(withGuard(expression));
  const expr = flow.transitions.find(({ id }) => id === 'X1')?.when;
  if (expr === undefined) throw new Error('the guard is missing');
  return { flow, expr };
}

const withLet = (expression: string): string =>
  withMore('let', `x: ${expression}`).replace('can: sig.want', 'can: "sig.want && x"');

/** `y0: a`, `y1: y0 && a`, and so on up to the count. */
const chainOfLets = (count: number, from = 0): string =>
  Array.from({ length: count - from }, (_, index) => index + from)
    .map((index) => `  y${index}: ${index === 0 ? 'a' : `y${index - 1} && a`}\n`)
    .join('');

const refusals: readonly Refusal[] = [
  // Syntax
  ['an open parenthesis', withGuard('(a && b«»'), 'CF0201'],
  ['a closing parenthesis too many', withGuard('a && b«)»'), 'CF0201'],
  ['a missing operand', withGuard('a && «»'), 'CF0201'],
  ['two operands without operator', withGuard('a «b»'), 'CF0201'],
  ['and for &&', withGuard('a «and» b'), 'CF0201', '&&'],
  ['or for ||', withGuard('a «or» b'), 'CF0201', /\|\|/],
  ['a single &', withGuard('a «&» b'), 'CF0201', '&&'],
  ['a single =', withGuard('a «=» b'), 'CF0201', '=='],
  ['a duration', withGuard('n > «5s»'), 'CF0201', 'after'],
  ['a list', withGuard('«[»a]'), 'CF0201'],
  ['a map', withGuard('«{»a}'), 'CF0201'],
  ['a quote without end', withGuard("e == «'»load"), 'CF0201'],
  ['a choice without else', withGuard('a ? b«»'), 'CF0201'],
  ['a whole number that is not exact', withGuard('n > «99999999999999999»'), 'CF0201'],
  [
    'an expression that is too long',
    withGuard(`a${' && a'.repeat(300)}`).replace(/"a && a.*"/, '«$&»'),
    'CF0002',
    'let',
  ],
  ['an expression that is too deep', withGuard(`${'('.repeat(64)}«a»${')'.repeat(64)}`), 'CF0201'],
  // Names
  ['an unknown tag', withGuard('a && «boht»'), 'CF0202', 'both'],
  ['an unknown command', withGuard('«cmd.pres»'), 'CF0202', 'cmd.press'],
  ['an unknown signal', withGuard('«sig.wont»'), 'CF0202', 'sig.want'],
  ['an unknown variable', withGuard('«ctx.cuont» > 1'), 'CF0202', 'ctx.count'],
  ['an unknown parameter', withGuard('p > «param.last»'), 'CF0202', 'param.least'],
  ['a variable without its prefix', withGuard('«count» > 1'), 'CF0202', 'ctx.count'],
  ['an unknown system tag', withGuard('«sys.clock» > 1'), 'CF0202', 'sys.restarted'],
  ['a device without a name', withGuard('«sys.device.ok»'), 'CF0202'],
  ['an unknown function', withGuard('«sqrt»(p) > 1.0'), 'CF0202', 'abs'],
  ['an unknown interlock', withGuard("trip(«'x'») && a"), 'CF0202'],
  ['an unknown state', withGuard("active(«'main.C'») && a"), 'CF0301', 'main.A'],
  ['a state without its region', withGuard("active(«'A'») && a"), 'CF0301', 'main.A'],
  ['a region as a state', withGuard("active(«'main'») && a"), 'CF0301'],
  ['a state without quotes', withGuard('active(«main.A») && a'), 'CF0203', "active('main.A')"],
  ['a foreign signal of another form', withGuard('«flow.other.busy»'), 'CF0202', 'sig'],
  // Types
  ['a number as guard', withGuard('«n»'), 'CF0203'],
  ['an enum as guard', withGuard('«e»'), 'CF0203'],
  ['not of a number', withGuard('!«n»'), 'CF0203'],
  ['and of a number', withGuard('a && «n»'), 'CF0203'],
  [
    'an unknown name on either side of an operator',
    withGuard('«aa» == «bb» || «cc» + «dd» > 1'),
    'CF0202 CF0202 CF0202 CF0202',
  ],
  ['an order of bools', withGuard('«a» < «b»'), 'CF0203 CF0203'],
  ['a sum with a bool', withGuard('n + «a» > 1'), 'CF0203'],
  ['== between an enum and a number', withGuard('«e == n»'), 'CF0203'],
  ['a name that the enum lacks', withGuard("e == «'lod'»"), 'CF0203', 'load'],
  ['an enum name without quotes', withGuard('e == «load»'), 'CF0202', "'load'"],
  ['a text that stands alone', withGuard("«'load'» == 'load'"), 'CF0203'],
  ['a text beside a number', withGuard("n == «'load'»"), 'CF0203'],
  ['a choice by a number', withGuard('«n» ? a : b'), 'CF0203'],
  ['a choice between types', withGuard('«a ? b : n»'), 'CF0203'],
  ['% of real numbers', withGuard('«p % 2.0» > 1.0'), 'CF0203'],
  ['min of one', withGuard('«min(n)» > 1'), 'CF0203'],
  ['abs of two', withGuard('«abs(n, n)» > 1'), 'CF0203'],
  ['max of a bool', withGuard('max(n, «a») > 1'), 'CF0203'],
  ['good of what is no tag', withGuard('good(«both»)'), 'CF0203'],
  ['good of an expression', withGuard('good(«a && b»)'), 'CF0203'],
  ['good of two', withGuard('«good(a, b)»'), 'CF0203'],
  ['sure of a number', withGuard('sure(«n»)'), 'CF0203'],
  ['rise of a number', withGuard('rise(«n») && a'), 'CF0203'],
  // == on reals, division, units
  ['== on reals', withGuard('«p == q»'), 'CF0205'],
  ['!= on reals', withGuard('«p != 1.0»'), 'CF0205'],
  ['== of a whole number with a real one', withGuard('«n == p»'), 'CF0205'],
  ['division by a variable', withGuard('n / «n» > 1'), 'CF0206'],
  ['division by zero', withGuard('n / «0» > 1'), 'CF0206'],
  ['division by a constant that comes to zero', withGuard('n / «(2 - 2)» > 1'), 'CF0206'],
  ['division by a parameter', withGuard('p / «param.least» > 1.0'), 'CF0206'],
  ['remainder by zero', withGuard('n % «0» > 1'), 'CF0206'],
  ['a comparison of units', withGuard('«p > t»'), 'CF0204'],
  ['a sum of units', withGuard('«p + t» > 1.0'), 'CF0204'],
  ['a unit beside none', withGuard('«p > n»'), 'CF0204'],
  ['a minimum of units', withGuard('«min(p, t)» > 1.0'), 'CF0204'],
  ['a choice of units', withGuard('«(a ? p : t)» > 1.0'), 'CF0204'],
  ['a product beside its factor', withGuard('«p * q > q»'), 'CF0204'],
  // Ranges
  ['a comparison above the range', withGuard('«p > 12.5»'), 'CF0209'],
  ['a comparison below the range', withGuard('«-30.0 < t»'), 'CF0209'],
  ['a comparison of a sum beyond its range', withGuard('«n + n > 21»'), 'CF0209'],
  ['a comparison of a signal that no state gives', withGuard('«sig.level == 2»'), 'CF0209'],
  ['a product that is not exact', withGuard('«n * 9000000000000000» > 1'), 'CF0210'],
  // Places
  ['an output outside of prove', withGuard('«out.valve»'), 'CF0207', 'prove'],
  ['an output in a let', withLet('«out.valve»'), 'CF0207'],
  // Lets
  ['a let that uses itself', withLet('a').replace('  x: a', '  «x»: x && a'), 'CF0208'],
  ['lets in a circle', withLet('a').replace('  x: a', '  «x»: y\n  «y»: x'), 'CF0208 CF0208'],
  [
    'lets too deep inside each other',
    withLet('y599').replace(
      '  x: ',
      `${chainOfLets(512)}  «y512»: y511 && a\n${chainOfLets(600, 513)}  x: `,
    ),
    'CF0002',
    'fewer',
  ],
  ['a let that is never used', withMore('let', '«x»: a'), 'CF0501'],
];

describe('section 3: expressions', () => {
  test.each(refusals)('%s is refused', (_, marked, codes, hint) => {
    const { found, wanted } = refusal(marked, codes, hint);
    expect(found).toEqual(wanted);
  });

  test.each([
    ['a || b && a'],
    ['a ? b : a && b'],
    ['n + 2 * n - 1 > n % 3'],
    ['n / 2 >= 1'],
    ['p / 2.0 >= 1.0'],
    ['min(n, 3, n + 1) < max(1, n)'],
    ['abs(t) < 10.0'],
    ["e == 'load' || 'unload' != e"],
    ["(a ? e : 'none') == 'load'"],
    ["e == (a ? 'none' : 'load')"],
    ['a != b'],
    ['good(p) && sure(p > 1.0) && maybe(p < 2.0)'],
    ['rise(a) || fall(a && b)'],
    ["active('main.B') && !active('main.A')"],
    ['sig.want && ctx.ready && cmd.press'],
    ['flow.press-2.sig.busy'],
    ['-p < q'],
    // A whole number is also a real one.
    ['p > 5'],
    ['2 * p > 1 || n * 1.5 > 2'],
    ['p + q > 2.0 * p'],
  ])('%s is accepted', (text) => {
    expect(guardOf(text).expr.type.kind).toBe('bool');
  });

  test.each([
    ['n', '0', 'int'],
    ['n + 1', '5', 'int'],
    ['n + 1.5', '5', 'real'],
    ['n * 2 / 3', '0', 'int'],
    ['n / 2.0', '0', 'real'],
    ['n % 3', '0', 'int'],
    ['min(n, 2.5)', '0', 'real'],
    ['-n', '-5', 'int'],
    ['a ? n : 1.5', '0', 'real'],
    ['abs(n)', '1', 'int'],
  ])('%s is of the type that its parts make', (expression, than, kind) => {
    const { expr } = guardOf(`(${expression}) > ${than}`);
    expect(expr.kind === 'binary' && expr.left.type.kind).toBe(kind);
  });

  test.each([
    ['a || b && a', 'a || b && a'],
    ['(a || b) && a', '(a || b) && a'],
    ['b && (n > 1 && a || b)', 'b && (n > 1 && a || b)'],
    ['a || (b || n > 1)', 'a || (b || n > 1)'],
    ['!(a && b)', '!(a && b)'],
    ['! a', '!a'],
    ['n - (n - 1) > 1', 'n - (n - 1) > 1'],
    ['(n - n) - 1 > 1', 'n - n - 1 > 1'],
    ['n * (n + 1) > 1', 'n * (n + 1) > 1'],
    ['-(n + 1) < -2', '-(n + 1) < -2'],
    ['p > 5', 'p > 5'],
    ['p > 5.0', 'p > 5.0'],
    ['(a ? b : a) && b', '(a ? b : a) && b'],
    ['a ? (b ? a : b) : b', 'a ? b ? a : b : b'],
    ["e=='load'", "e == 'load'"],
    ['rise( a&&b )', 'rise(a && b)'],
    ["active('main.B')&&good(p)", "active('main.B') && good(p)"],
    ['flow.press-2.sig.busy || both', 'flow.press-2.sig.busy || both'],
    ['sys.device.io.ok', 'sys.device.io.ok'],
    ['(a == b) != a', 'a == b != a'],
    ['a == (b != a)', 'a == (b != a)'],
  ])('%s is written back as people write it', (text, wanted) => {
    const { flow, expr } = guardOf(text);
    const written = formatExpr(flow, expr);
    expect(written).toBe(wanted);
    const again = guardOf(written);
    expect(formatExpr(again.flow, again.expr)).toBe(written);
  });

  test('a signal of another flow is a bool until the cell says otherwise', () => {
    const text = withGuard("flow.other.sig.job == 'load'");
    expect(compileFlow('f', text).diagnostics.map(({ code }) => code)).toEqual(['CF0203']);
    const { flow, diagnostics } = compileFlow('f', text, {
      foreign: (name, signal) =>
        name === 'other' && signal === 'job'
          ? { kind: 'enum', values: ['none', 'load'] }
          : undefined,
    });
    expect(diagnostics).toEqual([]);
    expect(flow?.foreign).toMatchObject([{ flow: 'other', signal: 'job', type: { kind: 'enum' } }]);
  });

  test('one signal of another flow is declared once, however often it is read', () => {
    const { flow } = guardOf('flow.x.sig.y && (flow.x.sig.y || flow.x.sig.z)');
    expect(flow.foreign.map(({ signal }) => signal)).toEqual(['y', 'z']);
  });

  test('lets may use lets declared before or after, and stand in an order that works', () => {
    const flow = cleanFlow(
      flowText({ let: '\n  both: later && a\n  later: last || b\n  last: "!a"' }),
    );
    expect(flow.lets.map(({ name }) => name)).toEqual(['last', 'later', 'both']);
    flow.lets.forEach(({ expr }, index) => {
      const used = JSON.stringify(expr).matchAll(/"let":(\d+)/g);
      for (const [, number] of used) expect(Number(number)).toBeLessThan(index);
    });
  });

  test('each rise and fall has a memory of its own, inner ones first', () => {
    const { flow } = guardOf('rise(a) && fall(rise(b))');
    expect(flow.edges.map((edge) => formatExpr(flow, edge))).toEqual(['a', 'b', 'rise(b)']);
  });

  test('an expression knows its place, through quotes, escapes and folded lines', () => {
    const sources = [
      withTransition('when: a && n > 1, to: B'),
      withTransition('when: "a && n > 1", to: B'),
      withTransition(`when: 'a && n > 1', to: B`),
      withTransition(`when: "\\x61 && n > 1", to: B`),
      withTransition('when: a\n              && n > 1, to: B'),
      withTransition('when: "a && \\\n              n > 1", to: B'),
    ];
    for (const text of sources) {
      const when = cleanFlow(text).transitions.find(({ id }) => id === 'X1')?.when;
      if (when?.kind !== 'binary') throw new Error('a conjunction was written');
      expect(text.slice(when.right.span.start, when.right.span.end)).toBe('n > 1');
    }
  });

  test('a block scalar knows its places too', () => {
    const text = flowText({ let: '\n  both: >-\n    a &&\n    b' });
    const [found] = cleanFlow(text).lets;
    if (found?.expr.kind !== 'binary') throw new Error('a conjunction was written');
    expect(text.slice(found.expr.right.span.start, found.expr.right.span.end)).toBe('b');
  });
});
