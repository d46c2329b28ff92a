// Shows dots, the film with its targets, and dots again; tells what was on the screen when.

import { Uplink, ask } from "./uplink.js";

const CLOCK_EVERY_MS = 2000;
const CLOCK_FIRST = 10;
const DOT_LOG_MS = 30;
// Share of the film's width and height; the middle first, where the eyes are anyway.
const DOTS = [[0.5, 0.5], [0.12, 0.12], [0.88, 0.12], [0.88, 0.88], [0.12, 0.88]];

const film = document.getElementById("film");
const overlay = document.getElementById("overlay");
const words = document.getElementById("words");
const start = document.getElementById("start");
const problem = document.getElementById("problem");
const count = document.getElementById("count");
const pen = overlay.getContext("2d");
const uplink = new Uplink();
const state = { phase: "waiting", paused: false };
let plan = null;

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const nextPicture = () => new Promise((done) => requestAnimationFrame(done));
const isVisible = () => document.visibilityState === "visible";
const isFull = () => document.fullscreenElement !== null;

// Where the film's picture lies in the window, CSS pixels.
function filmBox() {
  const scale = Math.min(innerWidth / plan.width_px, innerHeight / plan.height_px);
  const width = plan.width_px * scale;
  const height = plan.height_px * scale;
  return { left: (innerWidth - width) / 2, top: (innerHeight - height) / 2, width, height };
}

// Pixel centres are at integers.
function onScreen([x, y]) {
  const box = filmBox();
  return [box.left + ((x + 0.5) / plan.width_px) * box.width,
    box.top + ((y + 0.5) / plan.height_px) * box.height];
}

function targetAt(targets, seconds) {
  for (const { id, points } of targets) {
    const last = points.length - 1;
    if (seconds < points[0][0] || seconds > points[last][0]) continue;
    let i = 0;
    while (i < last - 1 && seconds > points[i + 1][0]) i += 1;
    const [t0, x0, y0] = points[i];
    const [t1, x1, y1] = points[i + 1];
    const share = (seconds - t0) / (t1 - t0);
    return { id, x: x0 + share * (x1 - x0), y: y0 + share * (y1 - y0) };
  }
  return null;
}

function fitOverlay() {
  overlay.width = Math.round(innerWidth * devicePixelRatio);
  overlay.height = Math.round(innerHeight * devicePixelRatio);
  if (plan === null) return;
  const box = filmBox();
  uplink.add({ kind: "screen", page_ms: performance.now(), screen_width: screen.width,
    screen_height: screen.height, window_width: innerWidth, window_height: innerHeight,
    pixel_ratio: devicePixelRatio, film_left: box.left, film_top: box.top, film_width: box.width,
    film_height: box.height, video_width: film.videoWidth, video_height: film.videoHeight });
}

function clear() {
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  pen.clearRect(0, 0, innerWidth, innerHeight);
}

function circle(x, y, radius, line, colour) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.lineWidth = line;
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  if (line) pen.stroke(); else pen.fill();
}

// Yellow between black: seen on any picture, and its middle is free.
function drawRing(target) {
  clear();
  if (target === null) return;
  const [x, y] = onScreen([target.x, target.y]);
  const radius = Math.max(14, filmBox().height * 0.035);
  circle(x, y, radius, 9, "#000");
  circle(x, y, radius, 5, "#f5c518");
  circle(x, y, 4, 0, "#000");
  circle(x, y, 2.5, 0, "#f5c518");
}

function drawDot(place, share) {
  clear();
  const [x, y] = onScreen(place);
  circle(x, y, 8 + 22 * (1 - share), 0, "#eee");
  circle(x, y, 3, 0, "#c00");
}

async function showDots(phase) {
  state.phase = phase;
  uplink.event(`dots_${phase}`);
  for (const [number, [u, v]] of DOTS.entries()) {
    const place = [u * plan.width_px - 0.5, v * plan.height_px - 0.5];
    const begun = performance.now();
    let logged = -Infinity;
    for (let now = begun; now - begun < plan.dot_ms; now = await nextPicture()) {
      drawDot(place, Math.min(1, (now - begun) / (plan.dot_ms / 2)));
      if (now - logged < DOT_LOG_MS) continue;
      logged = now;
      uplink.add({ kind: "dot", page_ms: now, phase, target: `dot_${phase}_${number + 1}`,
        x_px: place[0], y_px: place[1], visible: isVisible(), full: isFull() });
    }
  }
  clear();
}

function onFrame(now, frame) {
  if (state.phase !== "film") return;
  const target = targetAt(plan.targets, frame.mediaTime);
  drawRing(target);
  uplink.add({ kind: "frame", page_ms: now, media_s: frame.mediaTime,
    presented_ms: frame.presentationTime, expected_ms: frame.expectedDisplayTime,
    count: frame.presentedFrames, target: target?.id ?? null, x_px: target?.x ?? null,
    y_px: target?.y ?? null, visible: isVisible(), full: isFull() });
  film.requestVideoFrameCallback(onFrame);
}

async function showFilm() {
  state.phase = "film";
  for (let left = plan.countdown_s; left > 0; left -= 1) {
    count.textContent = String(left);
    await wait(1000);
  }
  count.textContent = "";
  film.classList.add("shown");
  film.requestVideoFrameCallback(onFrame);
  const ended = new Promise((done) => film.addEventListener("ended", done, { once: true }));
  uplink.event("film");
  await film.play();
  await ended;
  const quality = film.getVideoPlaybackQuality();
  uplink.event("film_ended", quality.totalVideoFrames);
  uplink.event("frames_dropped", quality.droppedVideoFrames);
  film.classList.remove("shown");
  clear();
}

async function run() {
  words.hidden = true;
  document.body.classList.add("running");
  fitOverlay();
  await showDots("before");
  await showFilm();
  await showDots("after");
  state.phase = "done";
  uplink.event("done");
  await uplink.askClock();
  say("Sending …", "Leave this page open for a moment.");
  await uplink.flush();
  await ask("/api/finished", {});
  say("Done", "Thank you. Now stop the eye tracker's recording, and close this page.");
  if (isFull()) await document.exitFullscreen();
}

function say(title, text) {
  document.body.classList.remove("running");
  words.replaceChildren();
  for (const [tag, content] of [["h1", title], ["p", text]]) {
    words.appendChild(document.createElement(tag)).textContent = content;
  }
  words.hidden = false;
}

function pause() {
  if (state.phase !== "film" || state.paused || film.ended || !film.classList.contains("shown")) return;
  state.paused = true;
  film.pause();
  uplink.event("paused", film.currentTime);
  start.textContent = "Go on";
  words.hidden = false;
  document.body.classList.remove("running");
}

async function goFull() {
  try {
    await document.documentElement.requestFullscreen({ navigationUI: "hide" });
  } catch {
    uplink.event("no_full_screen");
  }
}

start.addEventListener("click", async () => {
  await goFull();
  if (!state.paused) {
    if (state.phase === "waiting") { state.phase = "begun"; await run().catch(fail); }
    return;
  }
  state.paused = false;
  words.hidden = true;
  document.body.classList.add("running");
  uplink.event("goes_on", film.currentTime);
  await film.play();
});

document.addEventListener("fullscreenchange", () => {
  uplink.event(isFull() ? "full_screen" : "full_screen_left");
  fitOverlay();
  if (!isFull()) pause();
});
document.addEventListener("visibilitychange", () => {
  uplink.event(isVisible() ? "visible" : "hidden");
  if (!isVisible()) pause();
});
addEventListener("resize", fitOverlay);
for (const name of ["waiting", "stalled", "seeking", "error"]) {
  film.addEventListener(name, () => uplink.event(`film_${name}`, film.currentTime));
}

function fail(error) {
  uplink.event("failed");
  say("This did not work", String(error.message ?? error));
}

async function prepare() {
  if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) {
    throw new Error("This browser does not tell when it shows frames. Use a current Chrome, Edge, Safari or Firefox.");
  }
  plan = await (await fetch("/api/plan")).json();
  if (film.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
    await new Promise((done, failed) => {
      film.addEventListener("canplay", done, { once: true });
      film.addEventListener("error", () => failed(new Error("This browser can't play the film.")), { once: true });
    });
  }
  for (let asked = 0; asked < CLOCK_FIRST; asked += 1) await uplink.askClock();
  setInterval(() => uplink.askClock(), CLOCK_EVERY_MS);
  start.textContent = "Begin";
  start.disabled = false;
  start.focus();
}

prepare().catch((error) => {
  problem.textContent = error.message;
  start.textContent = "Can't begin";
});
