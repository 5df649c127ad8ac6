// Reads `cell.yaml`: the text as YAML, the frame after `contract/cell.ts`, what one field says of
// another, and the drivers' own parts. Every problem is listed with its place; nothing throws.
// What the flows say of the same tags is compared in link.ts.
import type { DeviceFrame as Device, TagFrame as Tag } from '#contract/cell.ts';
import { BrokerMirror, DeviceFrame, EmbeddedMirror, Manifest, TagFrame } from '#contract/cell.ts';
import type { Diagnostic, Span } from '#contract/diagnostic.ts';
import { reservedWords } from '#contract/name.ts';
import type { Path } from './document.ts';
import { readDocument } from './document.ts';
import type { Problem } from './schema-problems.ts';
import { problemsOf, suggest, valueAt } from './schema-problems.ts';

/** What the drivers say of their own parts; `deviceCheck` (device-kinds.ts) makes one from driver kinds. */
export interface DeviceCheck {
  /** Names of the drivers that exist. */
  readonly drivers: readonly string[];
  /** Problems of a device's own fields; paths begin at the device. */
  device(frame: Device): readonly Problem[];
  /** Problems of a tag's `at` and of its fields that are the driver's; paths begin at the tag. */
  tag(frame: Tag, device: Device): readonly Problem[];
}

/** Problems listed before the rest is only counted. */
const problemLimit = 500;

export interface ManifestRead {
  /** Absent when anything is wrong. */
  readonly manifest?: Manifest;
  readonly diagnostics: readonly Diagnostic[];
  /** Where a path of the manifest stands in the text; the nearest thing above it that does. */
  readonly place: (path: Path) => Span;
}

/** Without `check` the drivers' parts are taken as they are, as replay does. */
export function readManifest(file: string, text: string, check?: DeviceCheck): ManifestRead {
  const document = readDocument(text);
  const place = (path: Path): Span => document.place(path);
  if (document.problems.length > 0) {
    const diagnostics = document.problems.map(({ span, text: said, suggestion }): Diagnostic => ({
      code: 'E_MANIFEST_YAML',
      severity: 'error',
      file,
      span,
      text: said,
      ...(suggestion === undefined ? {} : { suggestion }),
    }));
    return { diagnostics: inOrder(diagnostics), place };
  }
  const { value } = document;
  const parsed = Manifest.safeParse(value);
  const problems = [
    ...mirrorProblems(value),
    ...problemsOf(Manifest, value).filter(({ path }) => path[0] !== 'mirror'),
    ...(parsed.success ? timeProblems(parsed.data) : []),
    ...partProblems(value, check),
  ];
  const diagnostics = problems.slice(0, problemLimit).map(({ path, key, ...rest }): Diagnostic => {
    const span = key === true ? document.keyPlace(path) : document.place(path);
    return { severity: 'error', file, span, ...rest };
  });
  if (problems.length > problemLimit) {
    const rest = `${problems.length - problemLimit} more problems are not listed`;
    const span = { start: text.length, end: text.length };
    diagnostics.push({ code: 'E_MANIFEST_FIELD', severity: 'error', file, span, text: rest });
  }
  if (!parsed.success || diagnostics.length > 0)
    return { diagnostics: inOrder(diagnostics), place };
  return { manifest: parsed.data, diagnostics: [], place };
}

const inOrder = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.toSorted((left, right) => left.span.start - right.span.start);

/** One kind of mirror is meant: only what is wrong with that is said. */
function mirrorProblems(value: unknown): Problem[] {
  const mirror = valueAt(value, ['mirror']);
  if (mirror === undefined) return [];
  const fields = membersOf(mirror).map(([name]) => name);
  if (fields.includes('url')) return problemsOf(BrokerMirror, mirror, ['mirror']);
  if (fields.includes('broker')) return problemsOf(EmbeddedMirror, mirror, ['mirror']);
  if (mirror === 'none') return [];
  return [
    {
      code: 'E_MANIFEST_FIELD',
      path: ['mirror'],
      text: '`mirror`: must be `none`, `{broker: embedded}` or `{url: mqtt://host:port}`',
    },
  ];
}

function timeProblems({ scan }: Manifest): Problem[] {
  const problems: Problem[] = [];
  const code = 'E_MANIFEST_TIME';
  if (scan.min > scan.period)
    problems.push({ code, path: ['scan', 'min'], text: '`min` is longer than `period`' });
  if (scan.watchdog <= scan.period)
    problems.push({ code, path: ['scan', 'watchdog'], text: '`watchdog` must be over `period`' });
  return problems;
}

/** Devices and tags one by one, so that one bad field hides nothing of the others. */
function partProblems(value: unknown, check: DeviceCheck | undefined): Problem[] {
  const devices = new Map<string, Device>();
  const ids = membersOf(valueAt(value, ['devices']));
  const problems: Problem[] = [];
  for (const [id, part] of ids) {
    const frame = DeviceFrame.safeParse(part);
    if (!frame.success) continue;
    devices.set(id, frame.data);
    const path: Path = ['devices', id];
    problems.push(...under(path, driverProblems(frame.data, check)));
  }
  for (const [name, part] of membersOf(valueAt(value, ['tags']))) {
    const path: Path = ['tags', name];
    problems.push(...under(path, nameProblems(name)));
    const frame = TagFrame.safeParse(part);
    if (!frame.success) continue;
    problems.push(...under(path, rangeProblems(frame.data)));
    const device = devices.get(frame.data.device);
    if (device !== undefined) {
      // Of a driver that does not exist nobody knows what its tags may say.
      if (check === undefined || check.drivers.includes(device.driver)) {
        problems.push(...under(path, pollProblems(frame.data, device)));
        problems.push(...under(path, check?.tag(frame.data, device) ?? []));
      }
    } else if (!ids.some(([id]) => id === frame.data.device)) {
      const names = ids.map(([id]) => id);
      const text = `no device is called \`${frame.data.device}\``;
      problems.push({
        code: 'E_MANIFEST_REFERENCE',
        path: [...path, 'device'],
        text,
        ...suggest(frame.data.device, names, 'Devices'),
      });
    }
  }
  return problems;
}

const membersOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

const under = (base: Path, problems: readonly Problem[]): Problem[] =>
  problems.map((problem) => ({ ...problem, path: [...base, ...problem.path] }));

function driverProblems(device: Device, check: DeviceCheck | undefined): readonly Problem[] {
  if (check === undefined) return [];
  if (check.drivers.includes(device.driver)) return check.device(device);
  const text = `no driver is called \`${device.driver}\``;
  const advice = suggest(device.driver, check.drivers, 'Drivers');
  return [{ code: 'E_MANIFEST_DRIVER', path: ['driver'], text, ...advice }];
}

function nameProblems(name: string): Problem[] {
  const first = name.split('.')[0] ?? '';
  if (!reservedWords.some((word) => word === first)) return [];
  return [
    {
      code: 'E_MANIFEST_FIELD',
      path: [],
      key: true,
      text: `\`${first}\` belongs to the flow language and cannot begin a tag's name`,
      suggestion: `Other first words that are taken: ${reservedWords.join(', ')}.`,
    },
  ];
}

function rangeProblems(tag: Tag): Problem[] {
  const problems: Problem[] = [];
  const wrong = (field: string, text: string): void => {
    problems.push({ code: 'E_MANIFEST_FIELD', path: [field], text });
  };
  if (tag.min !== undefined && tag.max !== undefined && tag.min > tag.max)
    wrong('min', '`min` is larger than `max`');
  for (const side of ['raw', 'to'] as const) {
    // A value goes one way along the line and an output's the other.
    if (tag.scale !== undefined && tag.scale[side][0] === tag.scale[side][1])
      wrong('scale', `\`${side}\` needs two different values`);
  }
  if (tag.rawValid !== undefined && tag.rawValid[0] > tag.rawValid[1])
    wrong('rawValid', 'the first of `rawValid` is the smaller');
  const numbers = Object.values(tag.map ?? {});
  if (new Set(numbers).size < numbers.length) wrong('map', 'two names have one number');
  if (new Set(tag.values).size < (tag.values?.length ?? 0)) wrong('values', 'a name stands twice');
  return problems;
}

/** Poll classes stand in the device's `poll`; a device without them has none to name. */
function pollProblems(tag: Tag, device: Device): Problem[] {
  if (tag.poll === undefined) return [];
  const classes = membersOf(device['poll']).map(([name]) => name);
  if (classes.includes(tag.poll)) return [];
  const text = `its device has no poll class \`${tag.poll}\``;
  const advice = suggest(tag.poll, classes, 'Its classes');
  return [{ code: 'E_MANIFEST_REFERENCE', path: ['poll'], text, ...advice }];
}
