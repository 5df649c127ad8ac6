// What an approver signs, and whether somebody did: judged from a request and its yes alone, with no store
// and no clock, so that the record proves an approval as well as station does.
import { createHash, createPublicKey, verify } from 'node:crypto';
import type { ApprovalRequest, ApprovalYes } from '#contract/approval.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';

/** What stands before the 32 bytes of an Ed25519 key in SubjectPublicKeyInfo (RFC 8410). */
const spkiHead = Buffer.from('302a300506032b6570032100', 'hex');

/** A request, or what somebody claims to be one. */
type Asked = Omit<ApprovalRequest, 'what'> & { readonly what: Json };

/** SHA-256 of the request's canonical JSON (RFC 8785), hex. */
export const hashOf = (request: Asked): string =>
  createHash('sha256').update(canonicalJson(request)).digest('hex');

/** The bytes that are signed: nothing else that a key signs begins so. */
export const signedBytes = (hash: string): Uint8Array => Buffer.from(`rebe approval ${hash}`);

/** Whether the signature is by the key it names, over this request; false too when one is malformed. */
export function isSigned(request: ApprovalRequest, { key, signature }: ApprovalYes): boolean {
  const [raw, signed] = [key, signature].map((text) => bytesOf(text));
  if (raw?.length !== 32 || signed?.length !== 64) return false;
  const der = Buffer.concat([spkiHead, raw]);
  try {
    const opened = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(null, signedBytes(hashOf(request)), opened, signed);
  } catch {
    return false;
  }
}

/** Base64 in its one form. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
