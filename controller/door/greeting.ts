// How control describes its cell to a client before the feed begins: tags, flows and devices, with what
// stays as it is for as long as control runs. Made once; the feed itself is the view's.
import { dirname, resolve } from 'node:path';
import { present } from '#contract/error.ts';
import { baseTopic } from '#contract/mirror.ts';
import { shellRules } from '#contract/shell.ts';
import { toJsonValue } from '#contract/sample.ts';
import { protocolVersion } from '#contract/wire.ts';
import type { FlowInfo, Limit, TagInfo } from '#contract/described.ts';
import type { Hello } from '#contract/wire.ts';
import { valueOf } from '#flows/engine/values.ts';
import { limitsOf, notesOf } from '#flows/limits.ts';
import type { FlowPlan, TagPlan } from '#flows/plan.ts';
import type { LoadedCell } from '#controller/config.ts';
import type { Devices } from '#controller/devices/devices.ts';
import { productVersion } from '#controller/product.ts';

/** Everything that a client needs to make sense of the feed, but for the newest entry. */
export function greetingOf(loaded: LoadedCell, boot: number, devices: Devices): Omit<Hello, 'seq'> {
  const { manifest, plan } = loaded;
  const limits = limitsOf(plan);
  const notes = notesOf(plan);
  return {
    type: 'hello',
    protocol: protocolVersion,
    cell: manifest.cell,
    title: manifest.title ?? manifest.cell,
    boot,
    version: productVersion,
    simulated: Object.keys(loaded.endpoints).length > 0,
    durability: manifest.chronicle.durability,
    period_ms: manifest.scan.period,
    flows: plan.flows.map((flow) => flowInfo(flow, loaded)),
    tags: plan.tags.map((tag, index) => ({
      ...tagInfo(tag, loaded, devices.place(tag.name)),
      ...knownOf(limits.get(index), notes.get(index)),
    })),
    devices: Object.entries(manifest.devices).map(([name, { driver }]) => ({
      name,
      driver,
      address: devices.address(name),
    })),
    ...mirrorOf(loaded),
    shell: shellRules(manifest.shell),
  };
}

/** What station is to mirror; a path in it is whole. */
function mirrorOf({ manifest, manifestFile }: LoadedCell): Pick<Hello, 'mirror'> {
  const { mirror, cell, path } = manifest;
  if (mirror === 'none') return {};
  const topic = baseTopic(cell, path);
  if (!('ca' in mirror) || mirror.ca === undefined) return { mirror: { topic, to: mirror } };
  const ca = resolve(dirname(manifestFile), mirror.ca);
  return { mirror: { topic, to: { ...mirror, ca } } };
}

function knownOf(
  limits: readonly Limit[] | undefined,
  noted: readonly string[] | undefined,
): Pick<TagInfo, 'limits' | 'noted'> {
  return {
    ...(limits === undefined ? {} : { limits: [...limits] }),
    ...(noted === undefined ? {} : { noted: [...noted] }),
  };
}

function tagInfo(tag: TagPlan, loaded: LoadedCell, place: string | undefined): TagInfo {
  const driver = tag.driver;
  const plan = driver === undefined ? undefined : loaded.plan.flows[driver.flow];
  const output = driver === undefined ? undefined : plan?.flow.outputs[driver.output];
  return {
    name: tag.name,
    kind: tag.kind,
    type: tag.type,
    ...(tag.device === undefined ? {} : { device: tag.device }),
    ...(place === undefined ? {} : { place }),
    ...(tag.unit === undefined ? {} : { unit: tag.unit }),
    ...(tag.min === undefined ? {} : { min: tag.min }),
    ...(tag.max === undefined ? {} : { max: tag.max }),
    ...(tag.values.length === 0 ? {} : { values: [...tag.values] }),
    ...(tag.title === undefined ? {} : { title: tag.title }),
    ...(tag.stale === undefined ? {} : { stale_ms: tag.stale }),
    ...(output === undefined ? {} : { safe: toJsonValue(valueOf(output, output.safe)) }),
    ...(plan === undefined ? {} : { flow: plan.name }),
  };
}

function flowInfo({ name, flow, restart }: FlowPlan, loaded: LoadedCell): FlowInfo {
  const { hash, file } = present(loaded.flows.get(name), 'a flow of the plan was loaded');
  return {
    name,
    version: flow.version,
    hash,
    file,
    restart,
    regions: flow.regions.map((region) => ({
      name: region.name,
      states: region.states.flatMap((index) => {
        const state = flow.states[index];
        if (state === undefined) return [];
        const { path, title, rest } = state;
        return [{ path, title, ...(rest ? { rest } : {}) }];
      }),
    })),
    commands: flow.commands.map(({ held, ...command }) => ({
      name: command.name,
      title: command.title,
      role: command.role,
      class: command.class,
      ...(held === undefined ? {} : { held_ms: held }),
    })),
    parameters: flow.params.map((param) => ({
      name: param.name,
      type: param.type.kind,
      ...(param.unit === undefined ? {} : { unit: param.unit }),
      ...(param.min === undefined ? {} : { min: param.min }),
      ...(param.max === undefined ? {} : { max: param.max }),
      ...(param.type.kind === 'enum' ? { values: [...param.type.values] } : {}),
      ...(param.maxStep === undefined ? {} : { maxStep: param.maxStep }),
      ...(param.every === undefined ? {} : { every_ms: param.every }),
    })),
    ctx: flow.ctx.map((variable) => variable.name),
    signals: flow.signals.map((signal) => signal.name),
  };
}
