// Opens cameras, and finds out whether both run at once.

import { cameraWords } from "./words.js";

const FACING = { road: "environment", driver: "user" };
const LABELS = { road: /back|rear|environment/i, driver: /front|user|selfie/i };
const RATE_WINDOW_MS = 4000;
const OPEN_MS = 15000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Camera {
  constructor(role, stream, wanted) {
    this.role = role;
    this.stream = stream;
    this.wanted = wanted;
    this.track = stream.getVideoTracks()[0];
    this.sound = stream.getAudioTracks()[0] || null;
    this.counts = [];
    this.onframe = null;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.srcObject = stream;
    this.open = true;
  }

  async play() {
    await this.video.play();
    if (!this.video.requestVideoFrameCallback) return this.#countByQuality();
    const each = (now, frame) => {
      if (!this.open) return;
      this.#count(now, frame.presentedFrames);
      this.onframe?.(now, frame);
      this.video.requestVideoFrameCallback(each);
    };
    this.video.requestVideoFrameCallback(each);
  }

  #countByQuality() {
    const timer = setInterval(() => {
      if (!this.open) return clearInterval(timer);
      this.#count(performance.now(), this.video.getVideoPlaybackQuality().totalVideoFrames);
    }, 200);
  }

  #count(now, frames) {
    this.counts.push([now, frames]);
    while (this.counts.length > 2 && now - this.counts[0][0] > RATE_WINDOW_MS) this.counts.shift();
  }

  // Frames a second over the last seconds; 0 if none comes any more.
  get fps() {
    if (this.counts.length < 2) return 0;
    const [[t0, n0], [t1, n1]] = [this.counts[0], this.counts[this.counts.length - 1]];
    if (performance.now() - t1 > 1500) return 0;
    return t1 > t0 ? ((n1 - n0) * 1000) / (t1 - t0) : 0;
  }

  get live() {
    return this.track.readyState === "live" && !this.track.muted;
  }

  get sizeAsAsked() {
    const [a, b] = [this.video.videoWidth, this.video.videoHeight].sort((x, y) => y - x);
    return a >= this.wanted.width * 0.9 && b >= this.wanted.height * 0.9;
  }

  state() {
    return {
      live: this.live,
      fps: Math.min(1000, Math.round(this.fps * 10) / 10),
      width_px: this.video.videoWidth,
      height_px: this.video.videoHeight,
    };
  }

  close({ keepSound = false } = {}) {
    this.open = false;
    const tracks = keepSound ? this.stream.getVideoTracks() : this.stream.getTracks();
    tracks.forEach((track) => track.stop());
    if (!keepSound) this.sound?.stop();
    this.video.srcObject = null;
    this.video.remove();
  }
}

const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };

function ask(video, withSound) {
  const asked = navigator.mediaDevices.getUserMedia({ video, audio: withSound ? SOUND : false });
  return new Promise((resolve, reject) => {
    let late = false;
    // Some phones never answer when the other camera is open.
    const timer = setTimeout(() => {
      late = true;
      reject(new DOMException("no answer", "NotReadableError"));
    }, OPEN_MS);
    asked.then(
      (stream) => {
        clearTimeout(timer);
        // Only what nobody waits for any more is stopped: one that came in time is being recorded.
        if (late) stream.getTracks().forEach((track) => track.stop());
        else resolve(stream);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

export async function openCamera(role, wanted, { withSound, notThis }) {
  const shape = {
    width: { ideal: wanted.width },
    height: { ideal: wanted.height },
    frameRate: { ideal: wanted.fps },
  };
  let stream;
  const devices = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === "videoinput");
  const named = devices.find((d) => LABELS[role].test(d.label) && d.deviceId !== notThis);
  if (named) {
    stream = await ask({ ...shape, deviceId: { exact: named.deviceId } }, withSound);
  } else {
    try {
      stream = await ask({ ...shape, facingMode: { exact: FACING[role] } }, withSound);
    } catch (error) {
      if (error.name !== "OverconstrainedError") throw error;
      // Cameras that don't say where they look: the first one films the road.
      const free = devices.filter((d) => d.deviceId && d.deviceId !== notThis);
      if (devices.length && devices[0].deviceId && !free.length) throw new DOMException("only one", "NotFoundError");
      const pick = role === "driver" && !notThis && free.length > 1 ? free[1] : free[0];
      stream = await ask(pick ? { ...shape, deviceId: { exact: pick.deviceId } } : shape, withSound);
    }
  }
  const id = stream.getVideoTracks()[0].getSettings().deviceId;
  if (notThis && id === notThis) {
    stream.getTracks().forEach((track) => track.stop());
    throw new DOMException("only one", "NotFoundError");
  }
  const camera = new Camera(role, stream, wanted);
  await camera.play();
  return camera;
}

export const deviceOf = (camera) => camera?.track.getSettings().deviceId;

// Opens in the given order and watches for some seconds. Gives the cameras, or why not.
async function tryOrder(order, options, tell) {
  const cameras = {};
  const close = () => Object.values(cameras).forEach((camera) => camera.close());
  try {
    for (const role of order) {
      tell(`Opening the ${role} camera …`, 0);
      const other = deviceOf(Object.values(cameras)[0]);
      // one microphone for both: the second camera is opened without
      cameras[role] = await openCamera(role, options[role], { withSound: !other, notThis: other });
    }
    const start = performance.now();
    const took = options.seconds * 1000;
    while (performance.now() - start < took) {
      tell("Watching the cameras run …", (performance.now() - start) / took);
      await sleep(100);
      const dead = order.find((role) => !cameras[role].live);
      if (dead) throw new Error(`The ${dead} camera stopped while the other one ran.`);
    }
    for (const role of order) {
      const camera = cameras[role];
      if (camera.fps < options.minFps) {
        throw new Error(`The ${role} camera gives only ${camera.fps.toFixed(0)} pictures a second.`);
      }
      if (!camera.sizeAsAsked) {
        throw new Error(`The ${role} camera gives only ${camera.video.videoWidth} × ${camera.video.videoHeight}.`);
      }
    }
    return { cameras };
  } catch (error) {
    close();
    return { error, why: error instanceof DOMException || error instanceof TypeError ? cameraWords(error)[0] : error.message };
  }
}

// Both cameras, rear first and then the other way round; if that fails, only the road.
export async function probe(role, options, tell) {
  const tried = [];
  const orders = role === "both" ? [["road", "driver"], ["driver", "road"]] : [[role]];
  for (const order of orders) {
    const outcome = await tryOrder(order, options, tell);
    tried.push({ order, why: outcome.why || "" });
    if (outcome.cameras) return { cameras: outcome.cameras, role, tried };
    if (outcome.error.name === "NotAllowedError" || role !== "both") return { error: outcome.error, why: outcome.why, tried };
    await sleep(500);
  }
  const alone = await tryOrder(["road"], options, tell);
  tried.push({ order: ["road"], why: alone.why || "" });
  if (alone.cameras) return { cameras: alone.cameras, role: "road", one: true, tried };
  return { error: alone.error, why: alone.why, tried };
}
