// What is not yet on the laptop, in the phone's own storage, so that neither an outage nor the
// browser's end loses it. In memory where the browser has no storage (private windows).

const LIMIT_BYTES = 4 * 2 ** 30;
const SHARE_OF_QUOTA = 0.7;

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class Spool {
  constructor(limit) {
    this.db = null;
    this.memory = new Map();
    this.bytes = 0;
    this.pieces = 0;
    this.limit = limit || LIMIT_BYTES;
    this.lasting = false;
    this.failure = "";
  }

  async open(name) {
    try {
      const request = indexedDB.open(`dashgaze-${name}`, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("parts", { keyPath: "key" });
        request.result.createObjectStore("pieces", { keyPath: ["key", "seq"] });
      };
      this.db = await done(request);
      this.lasting = true;
      await navigator.storage?.persist?.();
      const { quota, usage } = (await navigator.storage?.estimate?.()) || {};
      if (quota) this.limit = Math.min(this.limit, Math.max(0, quota - (usage || 0)) * SHARE_OF_QUOTA);
      await this.#count();
    } catch (error) {
      this.failure = String(error);
    }
  }

  async #count() {
    const store = this.db.transaction("pieces").objectStore("pieces");
    await new Promise((resolve, reject) => {
      const request = store.openCursor();
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return resolve();
        this.bytes += cursor.value.content.byteLength;
        this.pieces += 1;
        cursor.continue();
      };
    });
  }

  get full() {
    return this.bytes > this.limit;
  }

  // Resolves when it is on the phone's disk.
  #write(store, action) {
    return new Promise((resolve, reject) => {
      const change = this.db.transaction(store, "readwrite", { durability: "strict" });
      change.oncomplete = () => resolve();
      change.onerror = change.onabort = () => reject(change.error);
      action(change.objectStore(store));
    });
  }

  async putPart(part) {
    if (this.db) await this.#write("parts", (store) => store.put(part)).catch((e) => (this.failure = String(e)));
  }

  async dropPart(key) {
    if (this.db) await this.#write("parts", (store) => store.delete(key)).catch((e) => (this.failure = String(e)));
  }

  async leftParts() {
    return this.db ? done(this.db.transaction("parts").objectStore("parts").getAll()) : [];
  }

  async put(piece) {
    this.bytes += piece.content.byteLength;
    this.pieces += 1;
    try {
      if (!this.db) throw new Error("no storage");
      await this.#write("pieces", (store) => store.put(piece));
    } catch (error) {
      if (this.db) this.failure = String(error);
      this.memory.set(`${piece.key}/${piece.seq}`, piece);
    }
  }

  async get(key, seq) {
    const held = this.memory.get(`${key}/${seq}`);
    if (held || !this.db) return held;
    return done(this.db.transaction("pieces").objectStore("pieces").get([key, seq]));
  }

  // Sequence numbers that are held of a part, rising.
  async held(key) {
    const own = [...this.memory.values()].filter((p) => p.key === key).map((p) => p.seq);
    if (this.db) {
      const range = IDBKeyRange.bound([key, 0], [key, Infinity]);
      const keys = await done(this.db.transaction("pieces").objectStore("pieces").getAllKeys(range));
      own.push(...keys.map((each) => each[1]));
    }
    return own.sort((a, b) => a - b);
  }

  async drop(key, seq, size) {
    if (!this.memory.delete(`${key}/${seq}`) && this.db) {
      await this.#write("pieces", (store) => store.delete([key, seq]));
    }
    this.bytes = Math.max(0, this.bytes - size);
    this.pieces = Math.max(0, this.pieces - 1);
  }
}
