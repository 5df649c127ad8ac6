// `init`: a new cell project that runs on the simulator at once. Its flow and its machine are those of the
// product's lamp, copied; what it adds is a name, schemas for the editor and a page that says how to go on.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { CellError } from '#contract/error.ts';
import { productRoot } from '#controller/product.ts';
import { answer, exit } from './verb.ts';
import type { Invocation, Verb } from './verb.ts';

/** The schema of each kind of file, by how its name ends; the same for editors that know no modeline. */
const schemas = {
  'cell.yaml': 'cell.schema.json',
  '.flow.yaml': 'flow.schema.json',
  '.plant.yaml': 'plant.schema.json',
  '.scenario.yaml': 'scenario.schema.json',
} as const;
type Kind = keyof typeof schemas;

/** Names of a directory that make no cell name become one: `Line 7` is `line-7`. */
function cellName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 63);
  return name === '' ? 'cell-1' : name;
}

/** A file of the product's lamp, with the line that tells an editor its schema. */
function template(name: string, kind: Kind): string {
  const text = readFileSync(join(productRoot, 'flows', 'lamp', name), 'utf8');
  return `# yaml-language-server: $schema=schemas/${schemas[kind]}\n${text}`;
}

function readme(cell: string): string {
  return `# ${cell}

A cell for rebe-cell: one device, one flow, and a simulated machine to try it on.

| file | what |
| --- | --- |
| \`cell.yaml\` | the manifest: which device each tag is on, which flows run |
| \`lamp.flow.yaml\` | the flow: what the cell does |
| \`lamp.plant.yaml\` | the simulated machine |
| \`lamp.scenario.yaml\` | a test: what is done, and what must come of it |
| \`schemas/\` | for the editor: completion and the first errors |

    rebe check --watch cell.yaml     # every problem with its place, again at each save
    rebe test lamp.scenario.yaml     # plays the scenario in virtual time
    rebe demo .                      # the cell on the simulated machine; prints a link to its page
    rebe why                         # in another terminal: what the flow waits for

On the real machine: put the device's address into \`cell.yaml\`, then \`rebe run cell.yaml\`.
What it records is in \`data/\`.
`;
}

/** Every file of a new project, by its path. */
function projectOf(cell: string): Readonly<Record<string, string>> {
  const editor = {
    'yaml.schemas': Object.fromEntries(
      Object.entries(schemas).map(([ending, schema]) => [
        `schemas/${schema}`,
        ending.startsWith('.') ? `*${ending}` : ending,
      ]),
    ),
  };
  return {
    'cell.yaml': template('cell.yaml', 'cell.yaml').replace(/^cell: .*$/m, `cell: ${cell}`),
    'lamp.flow.yaml': template('lamp.flow.yaml', '.flow.yaml'),
    'lamp.plant.yaml': template('lamp.plant.yaml', '.plant.yaml'),
    'lamp.scenario.yaml': template('lamp.scenario.yaml', '.scenario.yaml'),
    'README.md': readme(cell),
    '.gitignore': 'data/\n',
    '.vscode/settings.json': `${JSON.stringify(editor, undefined, 2)}\n`,
  };
}

/** Writes the project into a directory that is empty or not there; nothing is overwritten. */
function init(invocation: Invocation): number {
  const folder = resolve(invocation.words[0] ?? '.');
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new CellError('E_FILE_EXISTS', `${folder} is not empty`);
  }
  const cell = cellName(folder);
  const files = projectOf(cell);
  try {
    for (const part of ['schemas', '.vscode']) mkdirSync(join(folder, part), { recursive: true });
    for (const schema of Object.values(schemas)) {
      copyFileSync(join(productRoot, 'deploy', schema), join(folder, 'schemas', schema));
    }
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { flag: 'wx' });
    }
  } catch (cause) {
    if (cause instanceof CellError) throw cause;
    throw new CellError('E_FILE_WRITE', `${folder} cannot be written`, { cause });
  }
  const shown = relative('', folder) || '.';
  const made = [...Object.keys(files), ...Object.values(schemas).map((name) => `schemas/${name}`)];
  answer(invocation, { cell, folder, files: made }, () =>
    [
      `${cell} is in ${shown}. Try it:`,
      '',
      `  rebe check ${join(shown, 'cell.yaml')}`,
      `  rebe test ${join(shown, 'lamp.scenario.yaml')}`,
      `  rebe demo ${shown}`,
    ].join('\n'),
  );
  return exit.good;
}

export const initVerbs: readonly Verb[] = [
  {
    name: 'init',
    usage: 'DIR',
    summary: 'Makes a new cell project that runs on the simulator at once.',
    example: 'rebe init my-cell',
    words: [1, 1],
    run: async (invocation) => init(invocation),
  },
];
