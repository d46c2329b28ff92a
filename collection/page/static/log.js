// Lines about everything beside the videos: frames, pings, fixes, motion, what happened. They go the
// same way as the videos, so that none is lost.

import { pageNow, wallMinusPage } from "./clock.js";
import { randomKey } from "./link.js";

const FLUSH_MS = 2000;
// What is kept while there is nothing to write to: before a drive, and after it.
const WAITING_LINES = 2000;

export class Log {
  constructor(uplink, page, device) {
    this.uplink = uplink;
    this.page = page;
    this.device = device;
    this.part = null;
    this.lines = [];
    this.batches = new Map();
    this.timer = setInterval(() => this.flush(), FLUSH_MS);
  }

  async open() {
    if (this.part) return;
    this.part = await this.uplink.open({
      key: randomKey(),
      page: this.page,
      device: this.device,
      stream: "log",
      mime: "application/jsonl",
      start_ms: pageNow(),
      wall_minus_page_ms: wallMinusPage(),
    });
  }

  add(line) {
    this.lines.push(line);
  }

  say(what) {
    this.add({ k: "said", t: pageNow(), what });
  }

  // One row of many alike: they share a line.
  row(kind, key, row) {
    const name = `${kind}/${key}`;
    if (!this.batches.has(name)) this.batches.set(name, { k: kind, key, rows: [] });
    this.batches.get(name).rows.push(row);
  }

  flush() {
    for (const batch of this.batches.values()) this.lines.push(batch);
    this.batches.clear();
    if (!this.part) this.lines = this.lines.slice(-WAITING_LINES);
    if (!this.part || !this.lines.length) return;
    const text = this.lines.map((line) => JSON.stringify(line) + "\n").join("");
    this.lines = [];
    this.uplink.add(this.part, new TextEncoder().encode(text).buffer);
  }

  async close(reason) {
    this.flush();
    const part = this.part;
    this.part = null;
    if (part) await this.uplink.end(part, reason);
  }
}
