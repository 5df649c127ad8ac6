// What the page says of a shell: what has to happen next and by whom, who may take which seat, why in which language, and
// what of a paste would run.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Permission } from '#contract/people.ts';
import type { SessionView } from '#contract/shell.ts';
import { shellDe } from '#hmi/i18n/shell-de.ts';
import { shellEn } from '#hmi/i18n/shell-en.ts';
import { learn, speak } from '#hmi/i18n/text.ts';
import { lacksText, whyText } from '#hmi/i18n/whys.ts';
import { pastedLines, pastedText } from '#hmi/shell/pasted.ts';
import { mayEnd, nextOf, seatsOf } from '#hmi/shell/stage.ts';

learn('en', shellEn);
learn('de', shellDe);

const session = (more: Partial<SessionView> = {}): SessionView => ({
  id: 'sh-0123456789abcdef',
  tier: 'T2',
  state: 'Running',
  by: 'user:mia',
  reason: 'the gauge drops out',
  asked: 0,
  present: true,
  lacks: [],
  participants: [{ actor: 'user:mia', part: 'driver', since: 0, live: true }],
  recorded: { bytes: 0, ok: true },
  ...more,
});
const here = (actor: SessionView['by'], ...permissions: Permission[]) => ({ actor, permissions });

describe('what has to happen next', () => {
  test.each([
    [{ state: 'Requested' }, 'next.approve', 'next.approve'],
    [{ state: 'Approved' }, 'next.begin', 'next.begins'],
    [{ state: 'Waiting', lacks: ['x'] }, 'next.machine', 'next.machine'],
    [{ state: 'Waiting', present: false }, 'next.watch', 'next.watch'],
    [{ state: 'Waiting', participants: [] }, 'next.open', 'next.opens'],
    [{ state: 'Waiting' }, undefined, undefined],
    [{ state: 'Running' }, undefined, undefined],
    [{ state: 'Paused', lacks: ['x'], present: false }, 'next.machineResume', 'next.machineResume'],
    [{ state: 'Paused', present: false }, 'next.watchResume', 'next.watchResume'],
    [{ state: 'Paused', why: 'it cannot be recorded' }, 'next.record', 'next.record'],
    [{ state: 'Paused', why: 'paused: wait' }, 'next.supervisor', 'next.supervisor'],
    [{ state: 'Ending' }, 'next.ending', 'next.ending'],
    [{ state: 'Ended' }, 'next.again', undefined],
    [{ state: 'Killed' }, 'next.again', undefined],
    [{ state: 'Denied' }, 'next.again', undefined],
    [{ state: 'Expired' }, 'next.again', undefined],
  ] as const)('of %j: for its asker %s, for others %s', (more, own, others) => {
    const shown = session(more as Partial<SessionView>);
    expect(nextOf(shown, true, true)).toBe(own);
    expect(nextOf(shown, false, true)).toBe(others);
  });

  test('without a supervisor its driver resumes what nobody paused', () => {
    const paused = { state: 'Paused', present: false } as const;
    expect(nextOf(session({ ...paused, why: 'its driver is gone' }), true, false)).toBe(
      'next.resume',
    );
    expect(nextOf(session({ ...paused, why: 'paused' }), true, false)).toBe('next.supervisor');
  });
});

describe('a seat', () => {
  test.each([
    [here('user:mia', 'shell.open'), {}, ['driver']],
    [here('user:mia', 'shell.open'), { state: 'Approved' }, []],
    [here('user:mia', 'shell.open'), { driver: 'user:max' }, ['peer', 'observer']],
    [here('user:max', 'shell.open'), { driver: 'user:max' }, ['driver']],
    [here('user:max', 'shell.open'), {}, ['peer', 'observer']],
    [here('user:sue', 'shell.approve', 'shell.observe'), {}, ['supervisor', 'observer']],
    [here('user:eve', 'shell.observe'), {}, ['observer']],
    [here('user:eve', 'view'), {}, []],
    [undefined, {}, []],
    [here('user:sue', 'shell.approve'), { state: 'Ended' }, []],
    // An agent's own person neither supervises nor types.
    [
      here('user:mia', 'shell.open', 'shell.approve'),
      { by: 'agent:mia/x', owner: 'user:mia', command: ['ls'] },
      ['observer'],
    ],
  ] as const)('for %j in %j: %j', (who, more, parts) => {
    const shown = session(more as Partial<SessionView>);
    expect(seatsOf(shown, who && { ...who, permissions: [...who.permissions] })).toEqual(parts);
  });

  test('is not needed to end it: asker, driver and whoever may watch do', () => {
    const handed = session({ driver: 'user:max' });
    expect(mayEnd(handed, here('user:mia'))).toBe(true);
    expect(mayEnd(handed, here('user:max'))).toBe(true);
    expect(mayEnd(handed, here('user:eve', 'shell.observe'))).toBe(true);
    expect(mayEnd(handed, here('user:pat', 'shell.open'))).toBe(false);
    expect(mayEnd(handed, undefined)).toBe(false);
  });
});

test('why it is as it is has words in each language, and what a person said stays as it is', () => {
  const flow = readFileSync('flows/shell/session.flow.yaml', 'utf8');
  const whys = [...flow.matchAll(/why: ([^}]+)\}/g)].map(([, why = '']) => why.trim());
  expect(whys.length).toBeGreaterThan(30);
  speak('de', ['de']);
  expect(whys.filter((why) => whyText(why) === why)).toEqual([]);
  expect(whyText('paused: ended? no')).toBe('jemand hat sie angehalten: ended? no');
  speak('en', ['en']);
  expect(whyText('nobody watches')).toBe('nobody watches');
  expect(whyText(undefined)).toBe('');
});

test('what the machine lacks has words in each language, whatever station says of it', () => {
  const source = readFileSync('controller/shell/policy.ts', 'utf8');
  const part = source.slice(source.indexOf('export function lacksOf'));
  const said = [...part.matchAll(/(?:\[|push\()['`](.+)['`](?:\]|\))/g)].map(([, text = '']) =>
    text.replace(/\$\{place[^}]*\}/, 'mode.Manual or mode.Setup').replaceAll(/\$\{[^}]*\}/g, 'x'),
  );
  expect(said).toHaveLength(6);
  speak('de', ['de']);
  expect(said.filter((text) => lacksText([text]) === text)).toEqual([]);
  expect(lacksText(['x is not in mode.Manual or mode.Setup', 'a new one'])).toBe(
    'x ist nicht in mode.Manual oder mode.Setup, a new one',
  );
  speak('en', ['en']);
  expect(lacksText(said)).toBe(said.join(', '));
});

describe('a paste', () => {
  test.each([
    ['\r', false, 0],
    ['\u001B\r', false, 0],
    ['\u001B[A', false, 0],
    ['ls', true, 0],
    ['a\tb', true, 0],
    ['\u001B[200~ls\u001B[201~', true, 0],
    ['w\r', true, 1],
    ['\r', true, 1],
    ['one\rtwo\r\nthree\n', true, 3],
    // Runs the line in a shell as surely as Enter does.
    ['rm x\u000F', true, 1],
    ['\u001B[200~x\u001B[201~\u0003y', true, 1],
    ['one\rtwo', false, 1],
  ] as const)('%j, pasted %s, would run %d lines', (text, pasted, lines) => {
    expect(pastedLines(text, pasted)).toBe(lines);
  });

  test('shows what cannot be seen', () => {
    expect(pastedText('\u001B[200~a\r\u000F\u001B\u001B[201~')).toBe('a\n\u240F\u241B');
  });
});
