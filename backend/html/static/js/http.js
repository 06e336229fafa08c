/** Requests to this server, and what it says when it refuses one. */

/** A refusal or failure: a problem document (RFC 9457), or what there is in its place. */
export class Problem extends Error {
  constructor(status, document, location = null) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.status = status;
    this.title = document.title ?? null;
    this.errors = Array.isArray(document.errors) ? document.errors : [];
    this.location = location;
  }
}

/** An answer has more bytes than a page will hold. */
export class TooLarge extends Error {}

/**
 * The URL as the page may use it: links name the server's public host, which need not be the name this page was
 * reached by. Null for what is no plain web link.
 */
export function localUrl(href) {
  const base = document.querySelector('meta[name="base-url"]').content;
  if (href.startsWith(base) && ["/", "?", "#", ""].includes(href.charAt(base.length))) {
    return new URL(base).pathname.replace(/\/$/, "") + href.slice(base.length);
  }
  const url = URL.canParse(href, window.location.href) ? new URL(href, window.location.href) : null;
  return ["http:", "https:"].includes(url?.protocol) ? url.href : null;
}

/**
 * The answer to a request for JSON; 304 is one too.
 *
 * Throws a Problem for every refusal.
 */
export async function request(url, { headers = {}, ...options } = {}) {
  const response = await fetch(url, { ...options, headers: { Accept: "application/json", ...headers } });
  if (response.ok || response.status === 304) return response;
  const location = response.headers.get("Location");
  let problem = {};
  try {
    problem = JSON.parse(await readText(response, 1_000_000));
  } catch {
    // A proxy's answer need not be JSON.
  }
  throw new Problem(response.status, problem ?? {}, location);
}

/** The text of an answer, unless it has more than `longest` bytes: then it is read no further. */
export async function readText(response, longest) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > longest) {
      await reader.cancel();
      throw new TooLarge(`More than ${longest} bytes.`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
