// The Model Context Protocol's own client against our server, in one process: which tools there are for whom, that what is
// given reaches the console as it was given, and what is answered where something is wrong.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { CellError } from '#contract/error.ts';
import { isOption, readOptions, wordsOf } from '#controller/console/line.ts';
import { serveMcp } from '#controller/mcp/server.ts';
import { Chance } from '#test/flow/chance.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

const told = [
  { name: 'tags', tier: 'T0', needs: 'view', options: {} },
  {
    name: 'set',
    tier: 'T1',
    needs: 'parameter',
    options: { reason: { takes: 'text', help: 'why' }, 'dry-run': { takes: 'nothing', help: '' } },
  },
  { name: 'force', tier: 'T1', needs: 'force', options: {} },
].map((verb) => ({ usage: 'X', summary: 'does it', example: verb.name, ...verb }));

/** A port that knows one token's permissions, and keeps the lines that it is asked. */
async function open(permissions: readonly string[]) {
  const lines: string[] = [];
  const wrong: { error?: CellError } = {};
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const station = {
    ask: async <T extends z.ZodType>(
      answer: T,
      { path, body }: { readonly path: string; readonly body?: unknown },
    ): Promise<z.infer<T>> => {
      if (path === '/api/me') return { permissions } as z.infer<T>;
      const { line } = z.looseObject({ line: z.string() }).parse(body);
      if (line === 'help') return answer.parse({ kind: 'json', ok: true, value: told });
      lines.push(line);
      if (wrong.error !== undefined) throw wrong.error;
      return answer.parse({ kind: 'json', ok: false, code: 'E_ACT_STEP', value: { line } });
    },
  };
  const served = serveMcp(new HandClock(), station, ours);
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(theirs);
  const call = async (name: string, given: Record<string, unknown>) => {
    const result = await client.callTool({ name, arguments: given });
    const [content] = z.array(z.looseObject({ text: z.string() })).parse(result.content);
    return { text: content?.text ?? '', wrong: result.isError === true };
  };
  return { client, lines, call, wrong, served };
}

test('there are the tools that the token opens, with what reads and what acts told apart', async () => {
  const { client, served } = await open(['view', 'parameter', 'shell.open']);
  const { tools } = await client.listTools();
  expect(tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint])).toEqual([
    ['tags', true],
    ['set', false],
    ['propose', false],
    ['proposal', true],
    ['proposals', true],
    ['execute', false],
  ]);
  const set = tools.find(({ name }) => name === 'set');
  expect(Object.keys(set?.inputSchema.properties ?? {})).toEqual(['words', 'reason', 'dry-run']);
  await client.close();
  await served;
});

test('whatever words and values are given, the console reads exactly those', async () => {
  const { client, lines, call } = await open(['view', 'parameter']);
  const seed = 7;
  const chance = new Chance(seed);
  const signs = [`'`, `"`, '\\', ' ', '-', '--', '=', 'a', 'ä', '$(x)', ';', '`', '*'];
  const word = (): string =>
    Array.from({ length: chance.whole(0, 6) }, () => chance.pick(signs)).join('');
  for (let count = 0; count < 200; count += 1) {
    const words = [word(), word()];
    const reason = word();
    // oxlint-disable-next-line no-await-in-loop -- one line after another
    await call('set', { words, reason, 'dry-run': count % 2 === 0 });
    const [verb, ...rest] = wordsOf(lines.at(-1) ?? '');
    expect(verb?.text).toBe('set');
    const read = readOptions('set', rest, {
      reason: { takes: 'text', help: '' },
      'dry-run': { takes: 'nothing', help: '' },
    });
    const got = [read.words, read.option('reason'), read.flag('dry-run')];
    expect(got, `seed ${seed}, line ${lines.at(-1)}`).toEqual([words, reason, count % 2 === 0]);
  }
  expect(lines.some((line) => wordsOf(line).some(isOption))).toBe(true);
  await client.close();
});

test('what is refused, unknown or malformed is told, and nothing else is asked of the cell', async () => {
  const { client, lines, call, wrong } = await open(['view', 'parameter']);
  const refused = await call('set', { words: ['a', 'b', '1'] });
  expect([refused.wrong, refused.text]).toEqual([true, expect.stringContaining('a b 1')]);
  wrong.error = new CellError('E_AGENT_LOCKED', 'it was refused too often');
  expect(await call('tags', {})).toMatchObject({
    wrong: true,
    text: expect.stringContaining('E_AGENT_LOCKED it was refused too often') as string,
  });
  const before = lines.length;
  expect(await call('set', { words: 'all of them' })).toMatchObject({ wrong: true });
  expect(await call('set', { word: ['a'] })).toMatchObject({ wrong: true });
  await expect(call('force', {})).rejects.toThrow('no tool force');
  await expect(call('approve', {})).rejects.toThrow('no tool approve');
  expect(lines.length).toBe(before);
  await client.close();
});

test('what the cell says stands between marks of its own', async () => {
  const { client, call } = await open(['view']);
  const texts = [await call('tags', {}), await call('tags', {})].map(({ text }) => text);
  const marks = texts.map((text) => /up to the mark ([0-9a-f]{16});/.exec(text)?.[1] ?? '');
  expect(new Set(marks).size).toBe(2);
  for (const [index, text] of texts.entries()) {
    expect(text.startsWith('Untrusted data')).toBe(true);
    expect(text.endsWith(`\n${marks[index]}`)).toBe(true);
  }
  await client.close();
});
