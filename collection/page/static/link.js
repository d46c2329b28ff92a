// Requests to the server, with the token from behind the # of the address.

export const randomKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

export const hexOf = (buffer) =>
  [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");

export class Refused extends Error {
  constructor(status, content) {
    super(content.error || `refused (${status})`);
    this.status = status;
    this.next = content.next;
  }
}

export class Link {
  constructor() {
    const told = new URLSearchParams(location.hash.slice(1));
    this.token = told.get("token") || "";
    this.suggestedRole = told.get("role");
    this.up = null;
    this.refusal = "";
  }

  addressFor(role) {
    return `${location.origin}/#token=${this.token}&role=${role}`;
  }

  async post(path, body, { headers = {}, timeout = 4000 } = {}) {
    const raw = body instanceof ArrayBuffer;
    let reply;
    try {
      reply = await fetch(`/api/${path}`, {
        method: "POST",
        body: raw ? body : JSON.stringify(body),
        headers: {
          Authorization: `Bearer ${this.token}`,
          "Content-Type": raw ? "application/octet-stream" : "application/json",
          ...headers,
        },
        signal: AbortSignal.timeout(timeout),
        cache: "no-store",
        credentials: "omit",
      });
    } catch (error) {
      this.up = false;
      throw error;
    }
    let content = {};
    try {
      content = await reply.json();
    } catch {
      // an answer cut off on the way; the status is enough
    }
    this.up = true;
    this.refusal = reply.status === 401 || reply.status === 403 || reply.status === 421 ? content.error : "";
    if (!reply.ok) throw new Refused(reply.status, content);
    return content;
  }
}
