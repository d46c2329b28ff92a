// Records one camera, a part at a time.

import { fromTimeline, pageNow, wallMinusPage } from "./clock.js";
import { randomKey } from "./link.js";

const PIECE_MS = 1000;
const SILENT_MS = 8000;
const KEYFRAME_MS = 2000;
const SOUND_BITS = 96000;
const BITS_PER_PIXEL = 0.13;

const TYPES = [
  ["video/webm;codecs=h264", "h264"],
  ["video/webm;codecs=vp9", "vp9"],
  ["video/webm;codecs=vp8", "vp8"],
];

// A codec that the phone has hardware for; VP8, the lightest, where it has none.
export async function chooseType(width, height, fps) {
  for (const [type] of TYPES) {
    if (!MediaRecorder.isTypeSupported(type + ",opus")) continue;
    try {
      const video = { contentType: type, width, height, framerate: fps, bitrate: 4e6 };
      const told = await navigator.mediaCapabilities.encodingInfo({ type: "record", video });
      if (told.supported && told.powerEfficient) return type + ",opus";
    } catch {
      // a browser that can't tell
    }
  }
  const plain = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];
  return plain.find((type) => MediaRecorder.isTypeSupported(type)) || "";
}

export class Recorder {
  constructor(camera, soundTrack, { uplink, log, page, device, onlost }) {
    Object.assign(this, { camera, soundTrack, uplink, log, page, device, onlost });
    this.part = null;
    this.recorder = null;
    this.dataAt = performance.now();
    this.stopping = false;
  }

  async start() {
    const { video, wanted } = this.camera;
    const [width, height] = [video.videoWidth, video.videoHeight];
    const type = await chooseType(width, height, wanted.fps);
    const tracks = this.soundTrack ? [this.camera.track, this.soundTrack] : [this.camera.track];
    this.recorder = new MediaRecorder(new MediaStream(tracks), {
      mimeType: type,
      videoBitsPerSecond: Math.round(width * height * wanted.fps * BITS_PER_PIXEL),
      audioBitsPerSecond: SOUND_BITS,
      videoKeyFrameIntervalDuration: KEYFRAME_MS,
    });
    const key = randomKey();
    const early = [];
    const started = new Promise((resolve) => (this.recorder.onstart = () => resolve(pageNow())));
    this.finished = new Promise((resolve) => {
      this.recorder.onstop = () => {
        resolve();
        this.#lost("the recorder stopped by itself");
      };
    });
    this.dataAt = performance.now();
    this.recorder.ondataavailable = ({ data }) => {
      if (!data.size) return;
      this.dataAt = performance.now();
      const content = data.arrayBuffer();
      if (this.part) this.uplink.add(this.part, content);
      else early.push(content);
    };
    this.recorder.onerror = ({ error }) => this.#lost(`the recorder failed (${error?.name || "?"})`);
    this.camera.track.onended = () => this.#lost("the camera stopped");
    this.camera.onframe = (now, frame) => {
      const at = frame.captureTime ?? now;
      this.log.row("frames", key, [
        Math.round(fromTimeline(at) * 1000) / 1000,
        frame.mediaTime,
        frame.presentedFrames,
        Math.round(fromTimeline(now) * 1000) / 1000,
      ]);
    };
    this.recorder.start(PIECE_MS);
    const start = await started;
    const mime = (this.recorder.mimeType || type).split(";")[0];
    this.part = await this.uplink.open({
      key,
      page: this.page,
      device: this.device,
      stream: this.camera.role,
      mime,
      start_ms: start,
      wall_minus_page_ms: wallMinusPage(),
      width_px: width,
      height_px: height,
    });
    this.log.add({ k: "part", key, stream: this.camera.role, mime: this.recorder.mimeType, t: start });
    early.forEach((content) => this.uplink.add(this.part, content));
  }

  // A camera may freeze without a word; a recorder that runs gives a piece each second.
  watch() {
    if (performance.now() - this.dataAt > SILENT_MS) this.#lost("no data came from it");
  }

  #lost(why) {
    if (this.stopping) return;
    this.log.say(`${this.camera.role}: ${why}`);
    this.stop(why).then(() => this.onlost?.(this.camera.role, why));
  }

  async stop(reason) {
    if (this.stopping) return;
    this.stopping = true;
    this.camera.onframe = null;
    this.camera.track.onended = null;
    if (this.recorder && this.recorder.state !== "inactive") this.recorder.stop();
    await this.finished;
    if (this.part) await this.uplink.end(this.part, reason);
  }
}
