// What a Modbus device, TCP or RTU, and its tags need in the manifest. The schema is the type, the
// defaults and the reference; nothing here knows a socket or a register's bytes.
import * as z from 'zod';
import { DurationText, milliseconds } from '#contract/time.ts';
import type { Duration } from '#contract/time.ts';
import { SerialLine } from '#drivers/serial-port.ts';
import { TcpAddress } from '#drivers/tcp.ts';
import { breakEven } from './rtu-frame.ts';

const Unit = z.int().min(0).max(255);
const Address = z.int().min(0).max(65_536);

export const Order = z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA']).meta({
  description: 'bytes of a 32 or 64-bit value as they come; CDAB: the words swapped',
});
export type Order = z.infer<typeof Order>;

const PollClasses = z
  .record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'a word, a letter first'), DurationText)
  .refine((classes) => Object.keys(classes).length > 0, 'at least one class')
  .refine((classes) => Object.keys(classes).length <= 8, 'at most eight classes');

/** A heartbeat goes to a holding register as a counter, to a coil as a toggle. */
const BeatAt = z
  .strictObject({
    holding: Address.optional(),
    coil: Address.optional(),
    unit: Unit.optional(),
  })
  .refine((at) => (at.holding === undefined) !== (at.coil === undefined), {
    message: 'either holding or coil',
  });

/** A serial line of RTU: eight data bits always, and the silences that its devices need. */
export const RtuLine = SerialLine.omit({ data: true }).extend({
  delay: DurationText.default(milliseconds(5)).meta({
    description: 'between an answer and the next request; never less than 3.5 characters',
  }),
  quarantine: DurationText.optional().meta({
    description:
      'silence after a missing answer, in which a late one is dropped; as long as `timeout`',
  }),
});
export type RtuLine = z.infer<typeof RtuLine>;

const fields = z.strictObject({
  tcp: TcpAddress.optional(),
  rtu: RtuLine.optional().meta({ description: 'a serial line, instead of `tcp`' }),
  unit: Unit.default(1).meta({ description: 'unit of tags that name none' }),
  timeout: DurationText.default(milliseconds(300)).meta({ description: 'for one answer' }),
  connect: DurationText.default(milliseconds(1000)).meta({ description: 'to connect' }),
  poll: PollClasses.prefault({ default: '100ms' }).meta({
    description:
      'poll classes; the first is the default, outputs use the slowest; ' +
      '0ms: again as soon as the device has answered',
  }),
  base: z
    .union([z.literal(0), z.literal(1)])
    .default(0)
    .meta({
      description: 'the address that the manifest gives to the first register',
    }),
  order: Order.default('ABCD'),
  gap: z
    .int()
    .min(0)
    .max(125)
    .optional()
    .meta({
      description:
        'registers read in vain to join two blocks (16 times as many bits); ' +
        'over TCP 125, over RTU as many as cost no more than a request of their own',
    }),
  multiple: z.boolean().default(false).meta({
    description: 'write single coils and registers with functions 15 and 16 too',
  }),
  limits: z
    .strictObject({
      registers: z.int().min(1).max(125).default(125),
      bits: z.int().min(1).max(2000).default(2000),
    })
    .prefault({})
    .meta({ description: 'the most that the device gives in one answer' }),
  heartbeat: z
    .strictObject({
      at: BeatAt,
      every: DurationText.default(milliseconds(100)).refine((every) => every >= 10, {
        message: 'at least 10ms',
      }),
    })
    .optional()
    .meta({ description: 'a counter that stops with control: the device falls safe by itself' }),
});

export const ModbusConfig = fields.superRefine(({ tcp, rtu, unit, heartbeat }, context) => {
  const refuse = (message: string, path: string[]): void =>
    context.addIssue({ code: 'custom', message, path });
  if ((tcp === undefined) === (rtu === undefined)) refuse('exactly one of tcp and rtu', ['tcp']);
  if (rtu === undefined) return;
  if (!isRtuUnit(unit)) refuse(rtuUnits, ['unit']);
  if (!isRtuUnit(heartbeat?.at.unit ?? 1)) refuse(rtuUnits, ['heartbeat', 'at', 'unit']);
});
export type ModbusConfig = z.infer<typeof ModbusConfig>;

/** What `--endpoints` may say: one line replaces the other, and of a serial line only where it is. */
export const ModbusEndpoint = z.union([
  z.strictObject({ tcp: TcpAddress }).transform((to) => ({ ...to, rtu: undefined })),
  z
    .strictObject({ rtu: RtuLine.pick({ port: true }) })
    .transform((to) => ({ ...to, tcp: undefined })),
]);

/** Where the device is, for people. */
export const addressOf = ({ tcp, rtu }: ModbusConfig): string => tcp ?? rtu?.port ?? '';

/** Unit 0 is the broadcast that nobody answers, those above 247 are reserved [Serial Line 1.02, 2.2]. */
export const isRtuUnit = (unit: number): boolean => unit >= 1 && unit <= 247;
export const rtuUnits = 'a unit on a serial line is 1 to 247';

/** Registers read in vain to join two blocks. */
export const gapOf = ({ gap, rtu }: ModbusConfig): number =>
  gap ?? (rtu === undefined ? 125 : breakEven(rtu.baud, rtu.delay));

/** How long a line is silent before the request after a missing answer; 0 over TCP. */
export const quarantineOf = ({ rtu, timeout }: ModbusConfig): Duration =>
  rtu === undefined ? milliseconds(0) : (rtu.quarantine ?? timeout);

/** The number types, or text of n bytes: `string(32)` is 16 registers. */
export const RegisterType = z
  .string()
  .regex(
    /^(?:[ui](?:16|32|64)|f32|f64|string\((?:[1-9]\d?|1\d\d|2[0-4]\d|250)\))$/,
    'u16, i16, u32, i32, u64, i64, f32, f64 or string(1) to string(250)',
  );

const tables = ['coil', 'discrete', 'input', 'holding'] as const;
export type Table = (typeof tables)[number];

export const ModbusAt = z
  .strictObject({
    coil: Address.optional(),
    discrete: Address.optional(),
    input: Address.optional(),
    holding: Address.optional(),
    as: RegisterType.optional().meta({ description: 'default u16' }),
    order: Order.optional(),
    bit: z.int().min(0).max(15).optional().meta({ description: 'one bit of a register; 0 is 1' }),
    unit: Unit.optional(),
  })
  .superRefine((at, context) => {
    const named = tables.filter((table) => at[table] !== undefined);
    if (named.length !== 1) {
      context.addIssue({
        code: 'custom',
        message: 'exactly one of coil, discrete, input, holding',
      });
      return;
    }
    const isBit = at.coil !== undefined || at.discrete !== undefined;
    for (const field of ['as', 'order', 'bit'] as const) {
      if (isBit && at[field] !== undefined) {
        context.addIssue({ code: 'custom', path: [field], message: 'only for registers' });
      }
    }
    if (at.bit !== undefined && (at.as ?? 'u16') !== 'u16') {
      context.addIssue({ code: 'custom', path: ['bit'], message: 'only in a u16' });
    }
  });
export type ModbusAt = z.infer<typeof ModbusAt>;

/** The table and the address, as the manifest counts. */
export function placeOf(at: ModbusAt): { readonly table: Table; readonly address: number } {
  for (const table of tables) {
    const address = at[table];
    if (address !== undefined) return { table, address };
  }
  // The schema lets nothing else through.
  return { table: 'holding', address: 0 };
}

/** Poll classes in the manifest's order: the first is the default. */
export function pollClasses(config: ModbusConfig): readonly (readonly [string, number])[] {
  return Object.entries(config.poll);
}
