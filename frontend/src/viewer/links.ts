/** Short links: a state goes to the portal, an address comes back. */

import { serialise } from "./state";

export class LinkRefused extends Error {
  override name = "LinkRefused";
}

/** A problem (RFC 9457) in words for a person. */
export function problemText(problem: unknown, status: number): string {
  const { detail, title } = (problem ?? {}) as { detail?: unknown; title?: unknown };
  for (const words of [detail, title]) if (typeof words === "string" && words !== "") return words;
  return `The portal answered ${status}.`;
}

/**
 * @param dataset the version that the page shows: a state may have nothing but data elsewhere.
 * @throws LinkRefused with a message to show.
 */
export async function makeLink(linksUrl: string, state: unknown, dataset: string, csrfToken: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(linksUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken },
      body: serialise({ state, dataset }),
    });
  } catch {
    throw new LinkRefused("The portal cannot be reached. Is the network there?");
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new LinkRefused(problemText(answer, response.status));
  const url = (answer as { url?: unknown } | null)?.url;
  if (typeof url !== "string") throw new LinkRefused("The portal's answer has no link in it.");
  return new URL(url, document.baseURI).href;
}
