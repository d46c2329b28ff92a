// What the phone tells beside its pictures.

import { fromTimeline, pageNow } from "./clock.js";

const MOTION_ROW = (n) => (n === null || n === undefined ? null : Math.round(n * 1e4) / 1e4);
const STALE_FIX_MS = 15000;
const SILENCE_DBFS = -120;
const LISTEN_MS = 50;
const LOUDEST_OF_MS = 3000;

export class Sensors {
  constructor(log) {
    this.log = log;
    this.battery = null;
    this.fix = null;
    this.fixSeen = 0;
    this.wake = null;
    this.wanted = false;
    this.analyser = null;
    this.wakeSupported = "wakeLock" in navigator;
    document.addEventListener("visibilitychange", () => {
      log.say(`page ${document.visibilityState}`);
      if (document.visibilityState === "visible") this.#lock();
    });
  }

  start() {
    navigator.getBattery?.().then((battery) => (this.battery = battery)).catch(() => {});
    this.#locate();
    this.#motion();
    this.keepAwake();
  }

  #locate() {
    if (this.watch !== undefined || !navigator.geolocation) return;
    this.watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        this.fix = coords;
        this.fixSeen = performance.now();
        this.locationDenied = false;
        this.log.add({
          k: "fix",
          t: timestamp,
          lat: coords.latitude,
          lon: coords.longitude,
          acc: coords.accuracy,
          alt: coords.altitude,
          speed: coords.speed,
          heading: coords.heading,
          seen: pageNow(),
        });
      },
      (error) => {
        this.locationDenied = error.code === 1;
        this.log.say(`location: ${error.message}`);
      },
      { enableHighAccuracy: true, maximumAge: 0 },
    );
  }

  async #motion() {
    if (this.moving || typeof DeviceMotionEvent === "undefined") return;
    this.moving = true;
    try {
      // asked for by Safari only
      await DeviceMotionEvent.requestPermission?.();
    } catch {
      return;
    }
    window.addEventListener("devicemotion", ({ timeStamp, accelerationIncludingGravity: a, rotationRate: r }) => {
      if (!a || a.x === null) return;
      this.log.row("motion", "", [
        Math.round(fromTimeline(timeStamp) * 10) / 10,
        ...[a.x, a.y, a.z, r?.beta, r?.gamma, r?.alpha].map(MOTION_ROW),
      ]);
    });
  }

  // The screen must not go off: with it the cameras would.
  keepAwake() {
    this.wanted = true;
    this.#lock();
  }

  letSleep() {
    this.wanted = false;
    this.wake?.release().catch(() => {});
  }

  async #lock() {
    if (!this.wanted || !this.wakeSupported || (this.wake && !this.wake.released)) return;
    try {
      this.wake = await navigator.wakeLock.request("screen");
      this.wake.addEventListener("release", () => {
        this.log.say("wake lock released");
        if (document.visibilityState === "visible") setTimeout(() => this.#lock(), 1000);
      });
    } catch (error) {
      this.log.say(`wake lock refused: ${error.name}`);
    }
  }

  listen(soundTrack) {
    if (!soundTrack || this.analyser) return;
    try {
      this.context = new AudioContext();
      this.analyser = this.context.createAnalyser();
      this.analyser.fftSize = 4096;
      this.context.createMediaStreamSource(new MediaStream([soundTrack])).connect(this.analyser);
      this.samples = new Float32Array(this.analyser.fftSize);
      this.context.resume().catch(() => {});
      this.levels = [];
      this.listening = setInterval(() => this.#measure(), LISTEN_MS);
    } catch {
      this.analyser = null;
    }
  }

  stopListening() {
    clearInterval(this.listening);
    this.context?.close().catch(() => {});
    this.analyser = null;
  }

  #measure() {
    if (this.context.state !== "running") return;
    this.analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, x) => sum + x * x, 0) / this.samples.length;
    const dbfs = power > 0 ? Math.max(SILENCE_DBFS, 10 * Math.log10(power)) : SILENCE_DBFS;
    const now = performance.now();
    this.levels = [...this.levels.filter(([t]) => now - t < LOUDEST_OF_MS), [now, dbfs]];
  }

  // The loudest moment of the last seconds, dB of full scale; null if it can't be told.
  get sound() {
    return this.analyser && this.levels.length ? Math.max(...this.levels.map((each) => each[1])) : null;
  }

  get hasFix() {
    return this.fix !== null && performance.now() - this.fixSeen < STALE_FIX_MS;
  }

  get speed() {
    return this.hasFix && this.fix.speed !== null && this.fix.speed >= 0 ? this.fix.speed : null;
  }
}
