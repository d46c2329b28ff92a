// Sends the pieces of every part in their order, until the server says that each is on its disk.

import { Refused, hexOf } from "./link.js";

const PAUSE_MS = [300, 600, 1000, 2000];
const PIECE_TIMEOUT_MS = 20000;
// Refusals that asking again can't mend.
const FINAL = new Set([410, 413]);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Sending {
  constructor(opening) {
    this.opening = opening;
    this.key = opening.key;
    this.made = 0; // pieces that the recorder gave
    this.stored = Promise.resolve();
    this.ended = false;
    this.reason = "";
    this.left = false; // of an earlier page
    this.wake = () => {};
  }
}

export class Uplink {
  constructor(link, spool) {
    this.link = link;
    this.spool = spool;
    this.parts = new Map();
    this.trouble = "";
    this.refused = new Map();
  }

  get idle() {
    return this.parts.size === 0;
  }

  async open(opening) {
    const part = new Sending(opening);
    this.parts.set(part.key, part);
    await this.spool.putPart(opening);
    this.#run(part);
    return part;
  }

  // Parts of an earlier page, which was closed before all was sent.
  async takeUpOldOnes() {
    for (const opening of await this.spool.leftParts()) {
      if (this.parts.has(opening.key)) continue;
      const part = new Sending(opening);
      const held = await this.spool.held(part.key);
      part.made = held.length ? held[held.length - 1] + 1 : 0;
      part.ended = part.left = true;
      part.reason = "the page was closed";
      this.parts.set(part.key, part);
      this.#run(part);
    }
  }

  // Takes a piece; it is on the phone's disk when the promise resolves.
  add(part, buffer) {
    const seq = part.made++;
    part.stored = part.stored.then(async () => {
      const content = await buffer;
      const sha256 = hexOf(await crypto.subtle.digest("SHA-256", content));
      await this.spool.put({ key: part.key, seq, content, sha256 });
      part.wake();
    });
    return part.stored;
  }

  async end(part, reason) {
    await part.stored;
    part.reason = reason;
    part.ended = true;
    part.wake();
  }

  async #run(part) {
    let next = null; // the piece that the server wants, once it has said so
    let failures = 0;
    for (;;) {
      try {
        if (next === null) {
          next = (await this.link.post("part", part.opening)).next;
          for (const seq of await this.spool.held(part.key)) {
            if (seq < next) await this.#forget(part, seq);
          }
          if (part.left) part.made = Math.max(part.made, next);
        }
        const woken = new Promise((resolve) => (part.wake = resolve));
        const piece = await this.spool.get(part.key, next);
        if (piece) {
          const reply = await this.link.post(`piece?key=${part.key}&seq=${next}`, piece.content, {
            headers: { "X-Sha256": piece.sha256 },
            timeout: PIECE_TIMEOUT_MS,
          });
          await this.#forget(part, next);
          next = reply.next;
        } else if (part.ended && next >= part.made) {
          await this.link.post("end", { key: part.key, count: part.made, reason: part.reason });
          await this.spool.dropPart(part.key);
          this.parts.delete(part.key);
          return;
        } else if (part.ended && part.left) {
          // the phone lost a piece in between; what is behind it can't be played without it
          part.made = next;
        } else {
          await woken;
        }
        failures = 0;
        this.refused.delete(part.key);
      } catch (error) {
        if (error instanceof Refused) {
          if (FINAL.has(error.status)) {
            // It stays in the phone's storage.
            this.refused.set(part.key, error.message);
            this.parts.delete(part.key);
            return;
          }
          this.refused.set(part.key, error.message);
          next = error.status === 409 && Number.isInteger(error.next) ? error.next : null;
        }
        await sleep(PAUSE_MS[Math.min(failures++, PAUSE_MS.length - 1)]);
      }
    }
  }

  async #forget(part, seq) {
    const piece = await this.spool.get(part.key, seq);
    if (piece) await this.spool.drop(part.key, seq, piece.content.byteLength);
  }
}
