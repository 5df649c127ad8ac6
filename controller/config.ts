// Reads everything that a cell is made of: manifest, flows, drivers' parts, replaced addresses. Either
// all of it is right and linked, or every problem is listed with its place and nothing starts.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import * as z from 'zod';
import type { Manifest } from '#contract/cell.ts';
import type { Json } from '#contract/canonical.ts';
import type { Diagnostic } from '#contract/diagnostic.ts';
import { formatDiagnostic } from '#contract/diagnostic.ts';
import type { DriverKind } from '#contract/driver.ts';
import { CellError, present } from '#contract/error.ts';
import { drivers } from '#drivers/index.ts';
import { compileFlows } from '#flows/compile-flows.ts';
import type { FlowText } from '#flows/compile-flows.ts';
import { deviceCheck, deviceFacts, deviceFields } from '#flows/device-kinds.ts';
import { readDocument } from '#flows/document.ts';
import { canonicalFlow } from '#flows/language/canonical.ts';
import { linkCell } from '#flows/link.ts';
import type { FlowSource } from '#flows/link-report.ts';
import { readManifest } from '#flows/manifest.ts';
import type { CellPlan } from '#flows/plan.ts';
import { unserved } from '#controller/devices/served.ts';

/** A flow of the cell with the hash of its canonical text. */
export interface LoadedFlow extends FlowSource {
  readonly hash: string;
}

/** A device with its driver and its own fields, addresses replaced where `--endpoints` says so. */
export interface LoadedDevice {
  readonly kind: DriverKind;
  readonly config: unknown;
}

/** All that control needs to start. */
export interface LoadedCell {
  readonly manifest: Manifest;
  readonly manifestFile: string;
  readonly manifestText: string;
  readonly manifestHash: string;
  readonly plan: CellPlan;
  readonly flows: ReadonlyMap<string, LoadedFlow>;
  readonly devices: ReadonlyMap<string, LoadedDevice>;
  /** The addresses that were replaced; empty on the real machine. */
  readonly endpoints: Readonly<Record<string, Json>>;
}

/** What was read, and everything that is wrong; `cell` only when no error is among it. */
export interface Loading {
  readonly cell?: LoadedCell;
  readonly diagnostics: readonly Diagnostic[];
  /** Texts by file, so that a diagnostic can show its line. */
  readonly texts: ReadonlyMap<string, string>;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Reads a text file. Throws `E_FILE_READ`. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CellError('E_FILE_READ', `${path} cannot be read`, { cause });
  }
}

/** Reads a cell from its manifest. Throws only when the manifest itself or the endpoints cannot be read. */
export async function loadCell(manifestFile: string, endpointsFile?: string): Promise<Loading> {
  const text = readText(manifestFile);
  const texts = new Map([[manifestFile, text]]);
  const kinds = await loadKinds(text);
  const read = readManifest(manifestFile, text, deviceCheck(kinds, Object.keys(drivers)));
  const diagnostics: Diagnostic[] = [...read.diagnostics];
  const { manifest } = read;
  if (manifest === undefined) return { diagnostics, texts };
  const flows = loadFlows({ manifest, manifestFile, place: read.place, texts, diagnostics });
  if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics, texts };
  const facts = { file: manifestFile, place: read.place, ...deviceFacts(manifest, kinds) };
  const linked = linkCell(manifest, flows, facts);
  diagnostics.push(...linked.diagnostics);
  if (linked.plan === undefined) return { diagnostics, texts };
  const endpoints = endpointsFile === undefined ? {} : readEndpoints(endpointsFile, manifest);
  const cell: LoadedCell = {
    manifest,
    manifestFile,
    manifestText: text,
    manifestHash: sha256(text),
    plan: linked.plan,
    flows,
    devices: loadDevices(manifest, kinds, endpoints),
    endpoints,
  };
  for (const { code, subject, text: reason } of await unserved(cell)) {
    const span = read.place(['tags', subject]);
    diagnostics.push({ code, severity: 'error', file: manifestFile, span, text: reason });
  }
  return diagnostics.some(({ code }) => code === 'E_DEVICE_TAG')
    ? { diagnostics, texts }
    : { cell, diagnostics, texts };
}

/** Every diagnostic as people read it, and a line that counts them. */
export function formatLoading({ diagnostics, texts }: Loading): string {
  const shown = diagnostics.map((diagnostic) =>
    formatDiagnostic(diagnostic, texts.get(diagnostic.file) ?? ''),
  );
  const count = (severity: string): number =>
    diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  return [...shown, `${count('error')} errors, ${count('warning')} warnings`].join('\n\n');
}

/** Only drivers that the manifest names are loaded: some cost a second. */
async function loadKinds(text: string): Promise<Map<string, DriverKind>> {
  const devices = z
    .looseObject({ devices: z.record(z.string(), z.looseObject({ driver: z.string() })) })
    .safeParse(readDocument(text).value);
  const names = devices.success
    ? Object.values(devices.data.devices).map(({ driver }) => driver)
    : [];
  const known = [...new Set(names)].filter((name) => Object.hasOwn(drivers, name));
  const kinds = known.map(async (name): Promise<[string, DriverKind]> => [
    name,
    await present(drivers[name], 'a known driver')(),
  ]);
  return new Map(await Promise.all(kinds));
}

interface FlowLoading {
  readonly manifest: Manifest;
  readonly manifestFile: string;
  readonly place: (path: readonly (string | number)[]) => Diagnostic['span'];
  readonly texts: Map<string, string>;
  readonly diagnostics: Diagnostic[];
}

function loadFlows(loading: FlowLoading): Map<string, LoadedFlow> {
  const { manifest, manifestFile, place, texts, diagnostics } = loading;
  const sources = new Map<string, FlowText>();
  for (const [name, entry] of Object.entries(manifest.flows)) {
    const file = isAbsolute(entry.file) ? entry.file : join(dirname(manifestFile), entry.file);
    try {
      const text = readText(file);
      texts.set(file, text);
      sources.set(name, { file, text });
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      const span = place(['flows', name, 'file']);
      const { code, message } = error;
      diagnostics.push({ code, severity: 'error', file: manifestFile, span, text: message });
    }
  }
  const compiled = compileFlows(sources);
  diagnostics.push(...compiled.diagnostics);
  return new Map(
    [...compiled.flows].map(([name, source]) => [
      name,
      { ...source, hash: sha256(canonicalFlow(source.text) ?? source.text) },
    ]),
  );
}

function loadDevices(
  manifest: Manifest,
  kinds: ReadonlyMap<string, DriverKind>,
  endpoints: Readonly<Record<string, Json>>,
): Map<string, LoadedDevice> {
  return new Map(
    Object.entries(manifest.devices).map(([name, frame]) => {
      const kind = present(kinds.get(frame.driver), 'a checked device has a driver');
      const replaced = endpoints[name];
      const over = replaced === undefined ? {} : endpointOf(kind, name, replaced);
      return [name, { kind, config: kind.config.parse(laidOver(deviceFields(frame), over)) }];
    }),
  );
}

/** `over` upon `own`, object by object: of a serial line the port is replaced and the rest stays. */
function laidOver(own: unknown, over: unknown): unknown {
  if (!isObject(own) || !isObject(over)) return over;
  const fields = Object.entries(over).map(([name, value]) => [name, laidOver(own[name], value)]);
  return { ...own, ...Object.fromEntries(fields) };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function endpointOf(kind: DriverKind, device: string, replaced: Json): object {
  const parsed = kind.endpoint.safeParse(replaced);
  if (parsed.success) return parsed.data;
  throw new CellError('E_CELL_ENDPOINTS', `${device}: ${z.prettifyError(parsed.error)}`);
}

function readEndpoints(file: string, manifest: Manifest): Record<string, Json> {
  const text = readText(file);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new CellError('E_CELL_ENDPOINTS', `${file} is not JSON`, { cause });
  }
  const parsed = z.record(z.string(), z.json()).safeParse(raw);
  if (!parsed.success)
    throw new CellError('E_CELL_ENDPOINTS', `${file} is not an object of devices`);
  for (const device of Object.keys(parsed.data)) {
    if (!Object.hasOwn(manifest.devices, device)) {
      throw new CellError(
        'E_CELL_ENDPOINTS',
        `${file} names ${device}, which the manifest does not have`,
      );
    }
  }
  return parsed.data;
}
