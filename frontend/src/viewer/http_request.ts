/**
 * Neuroglancer's requests, in the place of its module `util/http_request` (vite.config.ts puts it there).
 *
 * Neuroglancer takes a request that failed on its way for one of an object that is absent, and paints it as empty space
 * that is loaded; it does not ask again for an answer that broke off. Here only an answer says that an object is absent,
 * and what failed on its way is asked for again as a busy server is.
 */

export class HttpError extends Error {
  /** @param status 0 where there was no answer. */
  constructor(
    readonly url: string,
    readonly status: number,
    readonly statusText: string,
    readonly response?: Response,
    options?: ErrorOptions,
  ) {
    const reason = status === 0 ? `failed: ${statusText}` : `resulted in HTTP error ${status} ${statusText}`.trimEnd();
    super(`Fetching ${JSON.stringify(url)} ${reason}.`, options);
    this.name = "HttpError";
  }

  static fromResponse(response: Response): HttpError {
    return new HttpError(response.url, response.status, response.statusText, response);
  }
}

/** There is an answer, which its server does not let this page read. */
class HiddenError extends HttpError {
  constructor(url: string, cause: unknown) {
    super(url, 0, "the server does not let other sites read its answer (CORS)", undefined, { cause });
  }
}

const MOST_ATTEMPTS = 32;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;
const BUSY = [429, 503, 504];
const WITHOUT_BODY = [204, 205, 304];

/** Milliseconds until the next attempt, somewhat random: not everybody asks a server again at once. */
export function pickDelay(attempt: number): number {
  return Math.min(2 ** attempt * FIRST_DELAY_MS, LONGEST_DELAY_MS / 2) * (1 + Math.random());
}

/**
 * A whole answer: its body has come to its end.
 *
 * @throws HttpError the answer is an error, or after many attempts there was none.
 */
export async function fetchOk(input: RequestInfo, init?: RequestInit): Promise<Response> {
  const url = typeof input === "string" ? input : input.url;
  for (let attempt = 1, answersUnseen = false; ; attempt++) {
    init?.signal?.throwIfAborted();
    let last: HttpError;
    try {
      const response = await fetch(input, init);
      if (response.ok) return await whole(response);
      answersUnseen = false;
      last = HttpError.fromResponse(response);
      if (!BUSY.includes(response.status)) throw last;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      if (answersUnseen) throw new HiddenError(url, error);
      last = new HttpError(url, 0, "there was no answer, or it broke off", undefined, { cause: error });
      // Asked once more before it is believed: the server may only just have come back.
      answersUnseen = await answersUnread(url, init?.signal);
      if (answersUnseen) continue;
    }
    if (attempt >= MOST_ATTEMPTS) throw last;
    await new Promise((resolve) => setTimeout(resolve, pickDelay(attempt - 1)));
  }
}

/** Read to the end here, where a body that breaks off can be asked for again. */
async function whole(response: Response): Promise<Response> {
  if (WITHOUT_BODY.includes(response.status)) return response;
  const { status, statusText, headers, url } = response;
  const copy = new Response(await response.arrayBuffer(), { status, statusText, headers });
  return Object.defineProperty(copy, "url", { value: url });
}

/** Another origin answers, but not in a way that this page may read. Buckets without CORS hide their 404 so. */
async function answersUnread(url: string, signal?: AbortSignal | null): Promise<boolean> {
  if (new URL(url, location.href).origin === location.origin) return false;
  try {
    const response = await fetch(url, { method: "HEAD", mode: "no-cors", ...(signal ? { signal } : {}) });
    return response.type === "opaque";
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** An object is absent, as far as its server says. S3 says 403 where one may not list. */
export function isNotFoundError(error: unknown): boolean {
  return error instanceof HiddenError || (error instanceof HttpError && [403, 404].includes(error.status));
}
