// What an OPC UA device and its tags need in the manifest. The schema is the type, the defaults and
// the reference; nothing here knows a session or a value.
import * as z from 'zod';
import { DurationText, milliseconds } from '#contract/time.ts';
import type { Duration } from '#contract/time.ts';

const url = /^opc\.tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^\s:/[\]@]+):(\d{1,5})(\/[^\s]*)?$/;

/** `opc.tcp://host:port`, with a path where the device has one. */
export const EndpointUrl = z
  .string()
  .max(1024)
  .refine((text) => parseEndpoint(text) !== undefined, {
    message: 'opc.tcp://host:port, such as opc.tcp://192.168.10.10:4840',
  })
  .meta({ description: 'where it is: opc.tcp://host:port, with a path where the device has one' });

/** Host, without brackets, and port; undefined when it is no address. */
export function parseEndpoint(text: string): { host: string; port: number } | undefined {
  const match = url.exec(text);
  const host = match?.[1]?.replace(/^\[|\]$/g, '');
  const port = Number(match?.[2]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/**
 * A node as the standard writes one [OPC 10000-6, 5.3.1.10], without the index of its namespace, which
 * a server may change whenever it starts: `s=text`, `i=number`, `g=guid`, `b=base64`, in the device's
 * namespace or after `nsu=uri;`.
 */
export const NodeText = z
  .string()
  .max(4200)
  .regex(
    /^(?:nsu=[^;\s]{1,1024};)?(?:s=[\s\S]{1,4096}|i=\d{1,10}|g=[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|b=[A-Za-z0-9+/]{2,}={0,2})$/,
    's=text, i=number, g=guid or b=base64, after nsu=uri; where it is in another namespace',
  )
  .refine((text) => !/^(?:nsu=[^;]*;)?i=/.test(text) || Number(text.split('i=').at(-1)) < 2 ** 32, {
    message: 'i= is a number below 4294967296',
  })
  .meta({
    description:
      "`s=text`, `i=number`, `g=guid` or `b=base64`, in the device's namespace or after `nsu=uri;`",
  });

export const SecurityPolicyName = z.enum([
  'None',
  'Basic256Sha256',
  'Aes128_Sha256_RsaOaep',
  'Aes256_Sha256_RsaPss',
]);
export type SecurityPolicyName = z.infer<typeof SecurityPolicyName>;

const Security = z
  .strictObject({
    mode: z.enum(['None', 'Sign', 'SignAndEncrypt']).default('None'),
    policy: SecurityPolicyName.default('None'),
  })
  .refine(({ mode, policy }) => (mode === 'None') === (policy === 'None'), {
    message: 'mode and policy are both None, or neither is',
  });

const SecretName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'small letters, digits and dashes');

export const OpcuaConfig = z
  .strictObject({
    endpoint: EndpointUrl,
    security: Security.prefault({}).meta({ description: 'how messages are protected' }),
    user: z.string().min(1).max(256).optional().meta({ description: 'to sign in with' }),
    secret: SecretName.optional().meta({ description: "name of the user's password" }),
    namespace: z.string().min(1).max(1024).optional().meta({
      description: 'by its URI, resolved at each connect; default the standard one',
    }),
    publish: DurationText.default(milliseconds(100))
      .refine((span) => span >= 10 && span <= 10_000, { message: '10ms to 10s' })
      .meta({ description: 'how often the device tells what has changed' }),
    timeout: DurationText.default(milliseconds(300))
      .refine((span) => span >= 10, { message: 'at least 10ms' })
      .meta({ description: 'for one answer' }),
    connect: DurationText.default(milliseconds(1000))
      .refine((span) => span >= 10, { message: 'at least 10ms' })
      .meta({ description: 'to connect; with security four times as long' }),
    heartbeat: z
      .strictObject({
        at: z.strictObject({ node: NodeText }),
        every: DurationText.default(milliseconds(100)).refine((every) => every >= 10, {
          message: 'at least 10ms',
        }),
      })
      .optional()
      .meta({ description: 'a counter that stops with control: the device falls safe by itself' }),
  })
  .refine(({ user, secret }) => (user === undefined) === (secret === undefined), {
    message: 'user and secret belong together',
    path: ['secret'],
  })
  .refine(({ user, security }) => user === undefined || security.mode === 'SignAndEncrypt', {
    message: 'a password is sent only with security mode SignAndEncrypt',
    path: ['user'],
  });
export type OpcuaConfig = z.infer<typeof OpcuaConfig>;

export const OpcuaAt = z.strictObject({ node: NodeText });
export type OpcuaAt = z.infer<typeof OpcuaAt>;

/** How long a connection may take to come about. */
export function connectLimit({ connect, security }: OpcuaConfig): Duration {
  return security.mode === 'None' ? connect : milliseconds(connect * 4);
}
