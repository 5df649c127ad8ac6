// What a serial device and its tags need in the manifest. The schema is the type, the defaults and the
// reference; how a frame is cut, asked for and read stands in framer.ts, link.ts and codec.ts.
import * as z from 'zod';
import { DurationText, milliseconds } from '#contract/time.ts';
import { SerialLine } from '#drivers/serial-port.ts';
import { patternOf } from './pattern.ts';

/** No frame is longer, whatever the manifest says. */
export const longestFrame = 4096;
/** No text to a device is longer. */
const longestText = 256;

/** Bytes as text: each character is one byte, `"\r"` 13, `"\xff"` 255. */
const bytesText = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    // oxlint-disable-next-line no-control-regex -- bytes
    .regex(/^[\u0000-\u00ff]*$/, 'each character is one byte: up to \\xff');

/** A pattern without look-around and references; `groups`: the fewest that it must have. */
const patternText = (groups: number): z.ZodType<string, string> =>
  z
    .string()
    .min(1)
    .max(500)
    .superRefine((text, context) => {
      const pattern = patternOf(text);
      if (typeof pattern === 'string') context.addIssue({ code: 'custom', message: pattern });
      else if (pattern.groups < groups) {
        context.addIssue({ code: 'custom', message: 'no group (…) says which part is the value' });
      }
    });

const Wait = DurationText.refine((span) => span >= 5, 'at least 5ms');

export const Frame = z
  .strictObject({
    end: bytesText(8).optional().meta({ description: 'what ends a frame, such as "\\r\\n"' }),
    max: z.int().min(1).max(longestFrame).default(256).meta({
      description:
        'the longest frame in bytes, without its start and end, where no `length` is given',
    }),
    length: z.int().min(1).max(longestFrame).optional().meta({
      description: 'a frame has exactly so many bytes; `start` and `end` among them',
    }),
    start: bytesText(8).optional().meta({
      description: 'what begins a frame; bytes before it are dropped',
    }),
  })
  .superRefine(({ end, length, start }, context) => {
    const wrong = (message: string, path: string[] = []): void =>
      context.addIssue({ code: 'custom', message, path });
    if (end === undefined && length === undefined) wrong('either end or length');
    if (length === undefined) return;
    if (length <= (start?.length ?? 0) + (end?.length ?? 0)) {
      wrong('nothing is left between start and end', ['length']);
    }
  });
export type Frame = z.infer<typeof Frame>;

export const Ask = z.strictObject({
  send: bytesText(longestText).meta({ description: 'what asks the device for its values' }),
  expect: patternText(0).optional().meta({
    description: 'what an answer looks like; other frames are left aside. Default: the next frame',
  }),
  every: Wait.meta({ description: 'how often it is asked' }),
  timeout: Wait.default(milliseconds(300)).meta({ description: 'for one answer' }),
});

export const Alive = z.strictObject({
  send: bytesText(longestText).meta({ description: 'a question that the device always answers' }),
  expect: patternText(0).meta({
    description: 'what its answer looks like; never taken for a value',
  }),
  every: Wait.meta({ description: 'how often it is asked' }),
  timeout: Wait.default(milliseconds(300)).meta({ description: 'for one answer' }),
});

export const SerialConfig = z
  .strictObject({
    ...SerialLine.shape,
    frame: Frame.meta({ description: 'how bytes become frames' }),
    text: z.enum(['utf8', 'latin1']).default('utf8').meta({
      description: 'how the bytes of a frame are read where a pattern reads them',
    }),
    ask: Ask.optional().meta({ description: 'a device that answers when it is asked' }),
    alive: Alive.optional().meta({
      description: 'a device that sends by itself: asked all the same, so that silence is noticed',
    }),
    ignore: patternText(0).optional().meta({
      description: 'frames that a device sends by itself and that concern no tag',
    }),
  })
  .superRefine(({ ask, alive, ignore, frame }, context) => {
    const wrong = (message: string, path: string[] = []): void =>
      context.addIssue({ code: 'custom', message, path });
    if ((ask === undefined) === (alive === undefined)) wrong('either ask or alive');
    if (ask !== undefined && ignore !== undefined) wrong('only with alive', ['ignore']);
    const isOpen = frame.length !== undefined && frame.start === undefined;
    if (alive !== undefined && isOpen) {
      wrong('frames of a fixed length that come by themselves need a start', ['frame']);
    }
  });
export type SerialConfig = z.infer<typeof SerialConfig>;

/** Where a value is in a frame of fixed length; a tag with a pattern has none. */
export const SerialAt = z
  .strictObject({
    offset: z
      .int()
      .min(0)
      .max(longestFrame - 1)
      .meta({
        description: 'the first byte in the frame, from 0; `start` counts',
      }),
    as: z
      .string()
      .regex(
        /^(?:[ui](?:8|16|32|64)|f32|f64|string\((?:[1-9]\d?|1\d\d|2[0-4]\d|250)\))$/,
        'u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 or string(1) to string(250)',
      )
      .default('u8')
      .meta({ description: 'a number u8 to u64, i8 to i64, f32, f64, or string(n) of n bytes' }),
    order: z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA']).default('ABCD').meta({
      description: 'bytes as they come; DCBA: the lowest first',
    }),
    bit: z.int().min(0).max(7).optional().meta({ description: 'one bit of a u8; 0 is 1' }),
  })
  .refine((at) => at.bit === undefined || at.as === 'u8', {
    message: 'only in a u8',
    path: ['bit'],
  })
  .optional();
export type SerialAt = z.infer<typeof SerialAt>;

/** A command with an answer. */
export const Write = z.strictObject({
  send: bytesText(longestText)
    .refine((text) => text.includes('{value}'), 'no {value} in it')
    .meta({ description: 'what sets it; `{value}` stands for the value' }),
  expect: patternText(0).meta({
    description: 'what the device answers when it has taken it; group 1, if any, is its echo',
  }),
});

export const SerialTagOptions = z.strictObject({
  match: patternText(1).optional().meta({
    description: 'finds the value in a frame: its group 1',
  }),
  write: Write.optional().meta({ description: 'for an output: how it is set' }),
});
export type SerialTagOptions = z.infer<typeof SerialTagOptions>;
