// Sends what was shown to this computer, in order and each batch once.

const BATCH_LINES = 500;
const MOST_WAITING = 200_000;
const EVERY_MS = 400;
const TIMEOUT_MS = 5000;

export class Uplink {
  constructor() {
    const bytes = crypto.getRandomValues(new Uint8Array(8));
    this.run = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.seq = 0;
    this.waiting = [];
    this.batch = null;
    this.failed = false;
    this.sending = null;
    setInterval(() => this.send(), EVERY_MS);
  }

  add(line) {
    if (this.waiting.length < MOST_WAITING) this.waiting.push(line);
  }

  event(name, value = null) {
    this.add({ kind: "event", page_ms: performance.now(), name, value });
  }

  send() {
    this.sending ??= this.sendOne().finally(() => { this.sending = null; });
    return this.sending;
  }

  async sendOne() {
    this.batch ??= this.waiting.length ? this.waiting.splice(0, BATCH_LINES) : null;
    if (this.batch === null) return;
    try {
      const answer = await ask("/api/log", { run: this.run, seq: this.seq, lines: this.batch });
      if (!answer.ok) throw new Error(`the computer answers ${answer.status}`);
      this.batch = null;
      this.seq += 1;
      this.failed = false;
    } catch {
      this.failed = true;  // kept, and sent again
    }
  }

  async flush() {
    while (this.batch !== null || this.waiting.length) {
      await this.send();
      if (this.failed) await new Promise((done) => setTimeout(done, EVERY_MS));
    }
  }

  async askClock() {
    const sent = performance.now();
    try {
      const answer = await ask("/api/clock", {});
      const back = performance.now();
      const { received_ns, sent_ns } = await answer.json();
      this.add({ kind: "clock", sent_ms: sent, back_ms: back,
        host_received_ns: received_ns, host_sent_ns: sent_ns });
    } catch {
      this.event("clock_failed");
    }
  }
}

export function ask(path, content) {
  return fetch(path, { method: "POST", body: JSON.stringify(content),
    headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
}
