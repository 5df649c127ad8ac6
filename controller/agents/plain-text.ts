// A program's output as text that only says what it says: without terminal escapes and control characters, and
// with a mark for what is no UTF-8. Lines end with a line feed.

/**
 * ECMA-48 sequences: CSI, strings (OSC, DCS, SOS, PM, APC) to their end, or to where an escape breaks them off, and the
 * short ones. Each match takes what it has read: hostile output costs no more than its length.
 */
const escapes =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
export const plainText = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('utf8')
    .replaceAll(escapes, '')
    .replaceAll(/\r\n/g, '\n')
    .replaceAll(/(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '');
