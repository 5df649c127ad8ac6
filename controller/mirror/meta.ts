// What a cell is, for those who know nothing of it: every tag, flow and command, in pages that any broker takes.
import { metaTags } from '#contract/mirror.ts';
import type { MetaMessage, TagMeta } from '#contract/mirror.ts';
import type { FlowInfo, TagInfo } from '#contract/described.ts';
import type { Hello } from '#contract/wire.ts';

/** Page 0 has the flows; each page has its share of the tags. */
export function metaPages(hello: Hello, commands: boolean): MetaMessage[] {
  const { cell, title, version, boot, simulated, tags, flows } = hello;
  const pages = Math.max(1, Math.ceil(tags.length / metaTags));
  return Array.from({ length: pages }, (_, page) => ({
    cell,
    title,
    version,
    boot,
    simulated,
    commands,
    page,
    pages,
    flows: page === 0 ? Object.fromEntries(flows.map(flowMeta)) : {},
    tags: Object.fromEntries(tags.slice(page * metaTags, (page + 1) * metaTags).map(tagMeta)),
  }));
}

function flowMeta(flow: FlowInfo): [string, MetaMessage['flows'][string]] {
  const { name, version, hash, commands, parameters } = flow;
  return [name, { version, hash, commands, parameters }];
}

function tagMeta(tag: TagInfo): [string, TagMeta] {
  const { name, kind, type, unit, min, max, values, title, device, flow } = tag;
  return [
    name,
    {
      type,
      ...(unit === undefined ? {} : { unit }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(values === undefined ? {} : { values }),
      ...(title === undefined ? {} : { title }),
      ...(device === undefined ? {} : { device }),
      writable: kind === 'output',
      ...(flow === undefined ? {} : { flow }),
    },
  ];
}
