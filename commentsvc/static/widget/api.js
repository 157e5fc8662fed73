// How does the widget talk to the service?

/** A refusal, or no answer at all (status 0); `code` is the service's word for it. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, message?: string, details?: any }} body
   * @param {number} [retryAfter] seconds
   */
  constructor(status, body, retryAfter = 0) {
    super(body.message ?? "");
    this.status = status;
    this.code = body.code ?? (status === 0 ? "offline" : "server");
    this.details = body.details ?? {};
    this.retryAfter = retryAfter;
  }
}

/**
 * Ask the service for what everyone may read; never sends cookies, so that caches may answer.
 *
 * @param {string} base
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} [query]
 * @param {RequestCache} [cache] "no-cache" has the browser ask whether its copy is still right
 * @param {AbortSignal} [signal] gives the request up
 * @returns {Promise<any>}
 */
export function read(base, path, query = {}, cache = "default", signal = undefined) {
  const url = new URL(`api/v1/${path}`, base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
  }
  return request(url, { credentials: "omit", cache, signal });
}

/**
 * Ask the service to change something.
 *
 * @param {string} base
 * @param {"POST" | "PUT" | "PATCH" | "DELETE" | "GET"} method
 * @param {string} path
 * @param {object | undefined} body
 * @param {{ token?: string, key?: string, credentials?: boolean }} [how] `key` makes a repeat harmless
 * @returns {Promise<any>} the answer, or null when it has no body
 */
export function send(base, method, path, body, { token, key, credentials } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  return request(new URL(`api/v1/${path}`, base), {
    method,
    headers,
    body: body && JSON.stringify(body),
    credentials: credentials ? "include" : "omit",
  });
}

/**
 * Say in the reader's words what went wrong.
 *
 * @param {unknown} error
 * @param {import("./types").Say} say
 */
export function explain(error, say) {
  if (!(error instanceof ApiError)) {
    reportError(error);
    return say("error_server");
  }
  const { code, message, retryAfter } = error;
  // Sentences of the service's own are among the other languages' words as they stand, behind an equals sign.
  return say(`error_${code}`, { n: retryAfter }) || say(`=${message}`) || message || say("error_server");
}

/**
 * @param {URL} url
 * @param {RequestInit} options
 */
async function request(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new ApiError(0, {});
  }
  // A proxy's error page is not JSON: the status still says enough.
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  const retryAfter = Number(response.headers.get("Retry-After")) || body?.error?.details?.retry_after || 1;
  throw new ApiError(response.status, body?.error ?? {}, retryAfter);
}
