// The devices of a plant file: which protocol each speaks, and where the machine's terminals are on it.
// What the machine is stands in `file.ts`; nothing here knows a byte.
import * as z from 'zod';
import { DeviceId, TagName } from '#contract/name.ts';
import { DurationText, seconds } from '#contract/time.ts';

const address = z.int().min(0).max(65_535);
const unit = z.int().min(1).max(247);
const silent = DurationText.refine((span) => span > 0, 'longer than nothing').default(seconds(1));
const baud = z.int().min(300).max(4_000_000);
const safe = z.union([z.boolean(), z.number(), z.string()]);
/** Names of a choice; its number on the wire is the place in this list. */
const values = z.array(z.string()).min(2);

/** `string(32)`: characters, two to a register. */
const form = /^(?:u16|i16|u32|i32|f32|string\((?:[1-9]|[1-9]\d|1\d\d|2[0-4]\d)\))$/;
const As = z.string().regex(form, 'u16, i16, u32, i32, f32 or string(n), n to 249');

/** Where a terminal is. One with `safe` is an output; the others are read. */
export const ModbusTerminal = z
  .strictObject({
    unit: unit.optional().meta({ description: 'another unit of the device than its first' }),
    coil: address.optional(),
    discrete: address.optional(),
    input: address.optional(),
    holding: address.optional(),
    as: As.default('u16'),
    values: values.optional(),
    /** Numbers on the wire, and what they mean in the machine. */
    scale: z
      .strictObject({
        raw: z.tuple([z.number(), z.number()]),
        to: z.tuple([z.number(), z.number()]),
      })
      .optional(),
    safe: safe.optional(),
  })
  .refine(
    (terminal) => tablesOf(terminal).length === 1,
    'needs one of coil, discrete, input, holding',
  )
  .refine(
    (terminal) => (terminal.coil ?? terminal.holding) !== undefined || terminal.safe === undefined,
    'only a coil or a holding register can have a safe value',
  );
export type ModbusTerminal = z.infer<typeof ModbusTerminal>;

export const tables = ['coil', 'discrete', 'input', 'holding'] as const;
export type Table = (typeof tables)[number];

/** The tables that a terminal names; a valid one names one. */
export function tablesOf(terminal: Partial<Record<Table, unknown>>): Table[] {
  return tables.filter((table) => terminal[table] !== undefined);
}

const ModbusDevice = z.strictObject({
  modbus: z.strictObject({
    unit: unit.default(1).meta({ description: 'unit of terminals that name none' }),
    /** Addresses 0 to this, less one, exist in each table. */
    size: z.int().min(1).max(65_536).default(1024),
    rtu: z
      .strictObject({ baud: baud.default(19_200) })
      .optional()
      .meta({ description: 'on a serial line instead of over TCP' }),
  }),
  heartbeat: z.strictObject({ holding: address, unit: unit.optional(), silent }).optional().meta({
    description: 'a register that must change, and the silence after which it falls safe',
  }),
  tags: z.record(TagName, ModbusTerminal),
});
export type ModbusDevice = z.infer<typeof ModbusDevice>;

/** A node's identifier in the namespace of its device. */
const NodeText = z.string().regex(/^(?:s=.{1,128}|i=\d{1,9})$/, 's=NAME or i=NUMBER');

/** A variable. One with `safe` is an output; the others are read. */
export const OpcUaTerminal = z
  .strictObject({
    node: NodeText,
    as: z.enum(['bool', 'int', 'real', 'string']).default('bool').meta({
      description: 'Boolean, Int32, Double or String',
    }),
    values: values.optional(),
    safe: safe.optional(),
  })
  .refine(({ as, values: choice }) => choice === undefined || as === 'int', {
    message: 'a choice is an int',
    path: ['as'],
  });
export type OpcUaTerminal = z.infer<typeof OpcUaTerminal>;

const OpcUaDevice = z.strictObject({
  opcua: z.strictObject({
    namespace: z.string().min(1).max(256).meta({ description: 'URI of the nodes’ namespace' }),
    security: z.boolean().default(false).meta({
      description: 'also Sign and SignAndEncrypt, with a certificate of its own',
    }),
  }),
  heartbeat: z
    .strictObject({ node: NodeText, silent })
    .optional()
    .meta({ description: 'a node that must change, and the silence after which it falls safe' }),
  tags: z.record(TagName, OpcUaTerminal),
});
export type OpcUaDevice = z.infer<typeof OpcUaDevice>;

/** Of a question or an answer, characters; each is one byte on the line. */
export const lineTextLimit = 256;
const LineText = z
  .string()
  .min(1)
  .max(lineTextLimit)
  // oxlint-disable-next-line no-control-regex -- questions and answers end with control characters
  .regex(/^[\u0000-\u00ff]*$/, 'characters of one byte');

/** A value that is sent as text: one that is read. */
export const SerialTerminal = z.strictObject({
  digits: z.int().min(0).max(6).default(2).meta({ description: 'of a number, after the point' }),
});
export type SerialTerminal = z.infer<typeof SerialTerminal>;

const placeholder = /\{([^{}]*)\}/g;

/** A text of a serial device with its tags' values: `{clamp.pressure}` stands for one. */
export function filledIn(text: string, valueOf: (tag: string) => string): string {
  return text.replaceAll(placeholder, (_, tag: string) => valueOf(tag));
}

/** The tags that a text of a serial device shows. */
export function tagsIn(text: string): string[] {
  return [...text.matchAll(placeholder)].map((match) => match[1] ?? '');
}

const SerialDevice = z
  .strictObject({
    serial: z.strictObject({
      baud: baud.default(9600),
      answers: z
        .record(LineText, LineText)
        .default({})
        .meta({ description: 'what it answers to a question; {tag} stands for its value' }),
      pushes: LineText.optional().meta({
        description: 'what it sends whenever a tag in it has another value',
      }),
    }),
    tags: z.record(TagName, SerialTerminal),
  })
  .refine(({ serial }) => serial.pushes !== undefined || Object.keys(serial.answers).length > 0, {
    message: 'needs answers or pushes',
    path: ['serial'],
  })
  .refine(({ serial }) => new Set(Object.keys(serial.answers).map((q) => q.at(-1))).size <= 1, {
    message: 'every question ends with the same character',
    path: ['serial', 'answers'],
  })
  .superRefine(({ serial, tags }, context) => {
    for (const text of [...Object.values(serial.answers), serial.pushes ?? '']) {
      for (const tag of tagsIn(text)) {
        if (Object.hasOwn(tags, tag)) continue;
        const message = `{${tag}} is no tag of this device`;
        context.addIssue({ code: 'custom', message, path: ['serial'] });
      }
    }
  });
export type SerialDevice = z.infer<typeof SerialDevice>;

/** The key of a device that says which protocol it speaks. */
export const protocols = ['modbus', 'opcua', 'serial'] as const;

export const DeviceOptions = z.union([ModbusDevice, OpcUaDevice, SerialDevice], {
  error: `needs one of ${protocols.join(', ')}`,
});
export type DeviceOptions = z.infer<typeof DeviceOptions>;

export const Devices = z.record(DeviceId, DeviceOptions);
