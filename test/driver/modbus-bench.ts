// A Modbus device with tags of the test's choice, for what only Modbus has.
import type { DriverTag, WriteRequest, WriteResult } from '#contract/driver.ts';
import type { Value } from '#contract/sample.ts';
import { modbusRig } from './rig-modbus.ts';
import type { ModbusRig } from './rig-modbus.ts';
import { Bench, request, rigTag } from './rig.ts';

/** A tag that is read, of the given poll class. */
export const input = (name: string, at: unknown, poll?: string): DriverTag => ({
  ...rigTag(name, at, 'input', [0, 1]).tag,
  ...(poll === undefined ? {} : { poll }),
});
/** A tag that is written. */
export const output = (name: string, at: unknown): DriverTag =>
  rigTag(name, at, 'output', [0, 1]).tag;

/** The driver and its device. */
export class ModbusBench extends Bench {
  declare readonly rig: ModbusRig;
  async serve(tags: readonly DriverTag[]): Promise<this> {
    const issues = await this.driver.setTags(tags);
    if (issues.length > 0) throw new Error(issues.map((issue) => issue.text).join('; '));
    this.driver.start(this.sink);
    await this.sink.until('all tags are given', () => this.sink.counts().size === tags.length);
    return this;
  }
  async write(
    tag: DriverTag,
    value: Value,
    options: Partial<Omit<WriteRequest, 'value'>> = {},
  ): Promise<WriteResult | undefined> {
    const one = { tag, name: tag.name, values: [0, 1] as const };
    return ((await this.driver.write?.([request(one, value, options)])) ?? [])[0];
  }
}

/** Its config is the rig's with these fields replaced. */
export async function modbusBench(
  config: Readonly<Record<string, unknown>> = {},
): Promise<ModbusBench> {
  const rig = await modbusRig();
  return new ModbusBench(rig, config);
}
