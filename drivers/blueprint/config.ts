// What a blueprint device and its tags need in the manifest.
import * as z from 'zod';
import { DurationText, milliseconds } from '#contract/time.ts';
import { TcpAddress } from '#drivers/tcp.ts';

export const BlueprintConfig = z.strictObject({
  tcp: TcpAddress,
  timeout: DurationText.default(milliseconds(300)).meta({ description: 'for one answer' }),
  every: DurationText.default(milliseconds(100)).meta({ description: 'the period of the poll' }),
});
export type BlueprintConfig = z.infer<typeof BlueprintConfig>;

export const BlueprintAt = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9]{0,31}$/, 'small letters and digits, a letter first'),
});
export type BlueprintAt = z.infer<typeof BlueprintAt>;
