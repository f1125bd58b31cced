/** An answer of the API in words. */

import { formatBytes } from "../quantities";

export function statusOf(answer: { status: number; statusText: string }): string {
  return `${answer.status} ${answer.statusText}`.trim();
}

export function sizeOf(bytes: number, isWhole: boolean): string {
  return isWhole ? formatBytes(bytes) : `the first ${formatBytes(bytes)}`;
}

/** The body as it is read best; null where it is no text. */
export function shownBody(contentType: string, text: string, isWhole: boolean): string | null {
  const kind = contentType.split(";")[0]?.trim() ?? "";
  const isExact = !/[[:,]\s*-?\d{16,}/.test(text); // a number that JavaScript would write otherwise
  if (kind.endsWith("json") && isWhole && isExact) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text; // lines of JSON
    }
  }
  return kind.startsWith("text/") || /json|ndjson|jsonl|metalink/.test(kind) ? text : null;
}

/** The command that asks for `address`; with a token where somebody has signed in. */
export function curlOf(address: string, isSignedIn: boolean): string {
  const token = isSignedIn ? ' --header "Authorization: Bearer $CISTERNA_TOKEN"' : "";
  return `curl${token} '${address.replaceAll("'", "%27")}'`;
}
