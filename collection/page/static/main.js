// The page: one phone that films the road, the driver, or both, and hands it all to the laptop.

import { HostClock, pageNow } from "./clock.js";
import { Link, randomKey } from "./link.js";
import { Log } from "./log.js";
import { Recorder } from "./recorder.js";
import { Sensors } from "./sensors.js";
import { Spool } from "./spool.js";
import { Uplink } from "./uplink.js";
import { deviceOf, openCamera, probe } from "./cameras.js";
import { $, BlackScreen, clearUnseen, hidePictures, setText, showLamps, showPictures, showSection } from "./screen.js";
import { ROLE_NAMES, cameraWords, size } from "./words.js";

const BEAT_MS = 1000;
const BUSY_BEAT_MS = 250;
const PING_MS = 5000;
const REOPEN_MS = 2000;
const QUIET_DBFS = -70;
const LOW_BATTERY = 40;

// Sizes and times can be asked for in the address, such as ?probe=2&road=640x480&driver=320x240.
const query = new URLSearchParams(location.search);
const number = (name, usual, low, high) => {
  const asked = query.has(name) ? Number(query.get(name)) : usual;
  return Number.isFinite(asked) ? Math.min(high, Math.max(low, asked)) : usual;
};
const shape = (name, width, height) => {
  const found = /^(\d{2,4})x(\d{2,4})$/.exec(query.get(name) || "");
  return { width: found ? +found[1] : width, height: found ? +found[2] : height, fps: number("fps", 30, 5, 60) };
};
const options = {
  seconds: number("probe", 15, 0.5, 60),
  // 20, less one picture of counting
  minFps: number("min_fps", 19, 1, 60),
  road: shape("road", 1920, 1080),
  driver: shape("driver", 1280, 720),
};

const remembered = (name, make) => {
  try {
    if (!localStorage.getItem(name)) localStorage.setItem(name, make());
    return localStorage.getItem(name);
  } catch {
    return make();
  }
};

const page = randomKey();
const device = remembered("dashgaze-device", randomKey);
const link = new Link();
const spool = new Spool(query.has("spool_mb") ? number("spool_mb", 4096, 0.05, 65536) * 2 ** 20 : 0);
const uplink = new Uplink(link, spool);
const log = new Log(uplink, page, device);
const clock = new HostClock(link, page);
const sensors = new Sensors(log);

let state = "starting";
let role = "both";
let oneCamera = false;
let cameras = {};
let recorders = {};
let since = 0;
let trouble = "";
let wish = null;
let elsewhere = false;
let command = "wait";
let spoolFull = false;

const cameraList = () => Object.values(cameras);
const wantedRoles = () => (role === "both" ? ["road", "driver"] : [role]);
const theSound = () => cameraList().map((c) => c.sound).find((t) => t && t.readyState === "live") || null;

function enter(next) {
  const changed = state !== next;
  if (changed) log.say(`state ${next}`);
  state = next;
  showSection(next === "recording" ? null : next);
  if (next !== "recording") black.hide();
  if (changed) beat(); // the observer need not wait for what the page knows
}

function fail(error, why) {
  const [what, fix] = error instanceof Error && !(error instanceof DOMException || error instanceof TypeError)
    ? [why, "Close other apps that use the camera, let the phone cool down, then try again."]
    : cameraWords(error);
  setText("failed-what", what);
  setText("failed-fix", fix);
  log.say(`failed: ${error?.name} ${why || ""}`);
  enter("failed");
}

function release() {
  sensors.stopListening();
  cameraList().forEach((camera) => camera.close());
  cameras = {};
  clearUnseen();
}

async function prepare() {
  release();
  enter("probing");
  sensors.start();
  try {
    if (command !== "done") await log.open();
    const outcome = await probe(role, options, (words, share) => {
      setText("probe-now", words);
      $("probe-bar").value = share;
    });
    log.add({ k: "probe", t: pageNow(), tried: outcome.tried, one: !!outcome.one });
    if (!outcome.cameras) return fail(outcome.error, outcome.why);
    ({ cameras, role } = outcome);
    oneCamera = !!outcome.one;
    ready();
  } catch (error) {
    fail(error, String(error.message || error));
  }
}

function ready() {
  sensors.listen(theSound());
  showPictures(cameraList());
  setText("ready-lead", oneCamera ? "Ready to film the road." : role === "both" ? "Both cameras run. Ready." : `Ready to film the ${role}.`);
  $("second").hidden = !oneCamera;
  if (oneCamera) {
    setText("second", `This phone can use only one camera at a time. For the driver, open this link on the second device (connect it like this one): ${link.addressFor("driver")}`);
  }
  enter("ready");
}

async function record() {
  if (state === "recording" || !cameraList().length) return;
  since = since && state === "sending" ? since : performance.now();
  enter("recording");
  black.show();
  hidePictures(cameraList());
  sensors.keepAwake();
  await log.open();
  await Promise.all(cameraList().map(startPart));
}

async function startPart(camera) {
  const recorder = new Recorder(camera, theSound(), { uplink, log, page, device, onlost: reopen });
  recorders[camera.role] = recorder;
  try {
    await recorder.start();
  } catch (error) {
    trouble = `The ${camera.role} camera does not record (${error.name}).`;
    log.say(trouble);
    setTimeout(() => reopen(camera.role, error.name), REOPEN_MS);
  }
}

// A camera was lost, by a phone call or another app: take it back as soon as it can be had.
async function reopen(lost, why) {
  if (state !== "recording" || spoolFull) return;
  trouble = `The ${lost} camera was lost: ${why}.`;
  // The other camera's recording may have its sound from this one's microphone.
  cameras[lost]?.close({ keepSound: true });
  const kept = cameras[lost]?.sound?.readyState === "live" ? cameras[lost].sound : null;
  const other = cameraList().find((camera) => camera.role !== lost);
  try {
    const camera = await openCamera(lost, options[lost], { withSound: !theSound(), notThis: deviceOf(other) });
    if (state !== "recording") return camera.close();
    if (kept) camera.sound = kept;
    cameras[lost] = camera;
    hidePictures([camera]);
    if (!kept) {
      sensors.stopListening();
      sensors.listen(theSound());
    }
    await startPart(camera);
    trouble = "";
  } catch (error) {
    log.say(`${lost}: not back yet (${error.name})`);
    setTimeout(() => reopen(lost, why), REOPEN_MS);
  }
}

async function stop(why) {
  if (state !== "recording") return;
  enter("sending");
  await Promise.all(Object.values(recorders).map((recorder) => recorder.stop(why)));
  recorders = {};
  log.say(`stopped: ${why}`);
  await log.close(why);
  showPictures([]);
}

// More than the phone may hold: end the parts, and begin new ones when half of it is sent.
async function watchSpool() {
  if (state === "recording" && !spoolFull && spool.full) {
    spoolFull = true;
    trouble = "The phone's storage for this page is full; recording waits for the laptop.";
    log.say(trouble);
    await Promise.all(Object.values(recorders).map((recorder) => recorder.stop("the phone's storage is full")));
    recorders = {};
  } else if (spoolFull && spool.bytes < spool.limit / 2) {
    spoolFull = false;
    trouble = "";
    if (state === "recording") await Promise.all(cameraList().map(startPart));
  }
}

function obey() {
  if (wish) return;
  const parkedStates = ["ready", "done", "sending"];
  if (command === "record" && parkedStates.includes(state) && cameraList().length) {
    if (state === "sending" && Object.keys(recorders).length) return;
    record();
  } else if ((command === "stop" || command === "done") && state === "recording") {
    stop("the laptop said so").then(beat);
  } else if (state === "sending" && uplink.idle && !Object.keys(recorders).length) {
    release();
    sensors.letSleep();
    enter("done");
  }
}

// One after the other: an answer that was overtaken must not be obeyed.
let beating = Promise.resolve();
const beat = () => (beating = beating.then(oneBeat));

async function oneBeat() {
  try {
    if (wish) {
      await link.post("wish", { page, what: wish });
      wish = null;
    }
    const sound = sensors.sound;
    const battery = sensors.battery;
    const reply = await link.post("beat", {
      page,
      device,
      role,
      state: state === "starting" ? "new" : state,
      road: cameras.road ? cameras.road.state() : null,
      driver: cameras.driver ? cameras.driver.state() : null,
      one_camera: oneCamera,
      battery_percent: battery ? Math.round(battery.level * 100) : null,
      charging: battery ? battery.charging : null,
      wake_lock: sensors.wakeSupported ? !!sensors.wake && !sensors.wake.released : null,
      visible: document.visibilityState === "visible",
      sound_dbfs: sound,
      location_fix: sensors.hasFix,
      speed_m_s: sensors.speed,
      spool_bytes: Math.round(spool.bytes),
      spool_limit_bytes: Math.round(spool.limit),
      clock: clock.best(),
      trouble: (trouble || [...uplink.refused.values()][0] || spool.failure).slice(0, 300),
      browser: navigator.userAgent.slice(0, 300),
    });
    command = reply.command;
    if (sound !== null && state === "recording") log.add({ k: "sound", t: pageNow(), dbfs: Math.round(sound * 10) / 10 });
  } catch {
    // the laptop is away: recording goes on
  }
  if (state === "recording") Object.values(recorders).forEach((recorder) => recorder.watch());
  await watchSpool();
  obey();
  show();
}

function show() {
  const up = link.up && !link.refusal;
  $("link").className = `lamp ${up ? "green" : "red"}`;
  setText("link", link.refusal || (up ? "Laptop connected" : "Laptop not reached"));
  const waiting = spool.bytes > 0 && (!up || state !== "recording");
  setText("spool", waiting && state !== "sending" ? `${size(spool.bytes)} are still on this phone and wait for the laptop.` : "");
  setText("sending-left", spool.bytes ? `${size(spool.bytes)} left` : "Nearly done …");
  setText("sending-lead", up ? "Recording has stopped. The rest goes to the laptop." : "Recording has stopped. The rest waits for the laptop: plug the cable in, start it again there.");
  const said = elsewhere ? "This page is open in another tab. Use that one, and close this." : trouble || (state !== "recording" && [...uplink.refused.values()][0]) || "";
  $("trouble").hidden = !said;
  setText("trouble", said);
  $("start").disabled = !up;
  if (state === "ready") showLamps(lamps());
}

function lamps() {
  const rows = cameraList().map((camera) => {
    const ok = camera.live && camera.fps >= options.minFps;
    const words = camera.live ? `${camera.video.videoWidth} × ${camera.video.videoHeight}, ${camera.fps.toFixed(0)} a second` : "stopped";
    return [ok ? "green" : "red", ROLE_NAMES[camera.role], words];
  });
  const level = sensors.sound;
  rows.push(
    level === null
      ? ["amber", "Sound", theSound() ? "not measured: tap the page" : "no microphone"]
      : [level > QUIET_DBFS ? "green" : "red", "Sound", level > QUIET_DBFS ? `${level.toFixed(0)} dB` : "silent: another app has the microphone"],
  );
  rows.push(
    sensors.hasFix
      ? ["green", "Location", `within ${Math.round(sensors.fix.accuracy)} m`]
      : ["amber", "Location", sensors.locationDenied ? "not allowed: allow it in the browser" : "searching: needs open sky"],
  );
  const battery = sensors.battery;
  if (battery) {
    const percent = Math.round(battery.level * 100);
    const ok = percent >= LOW_BATTERY || battery.charging;
    rows.push([ok ? "green" : "amber", "Battery", `${percent} %${battery.charging ? ", charging" : ": plug it in"}`]);
  }
  const awake = sensors.wake && !sensors.wake.released;
  rows.push([awake ? "green" : "amber", "Screen", awake ? "stays on" : "may go off: switch battery saver off"]);
  rows.push(
    spool.lasting
      ? ["green", "Storage", `${size(spool.limit)} for when the laptop is away`]
      : ["amber", "Storage", "none: leave the private window"],
  );
  return rows;
}

const black = new BlackScreen({
  speed: () => sensors.speed,
  elapsed: () => performance.now() - since,
  onstop: () => {
    wish = "stop";
    stop("held on the phone").then(beat);
  },
});

$("begin").onclick = () => {
  role = document.querySelector("input[name=role]:checked").value;
  remember();
  prepare();
};
$("retry").onclick = () => prepare();
$("again").onclick = () => enter("new");
$("start").onclick = () => {
  wish = "start";
  beat();
};
const remember = () => {
  try {
    localStorage.setItem("dashgaze-role", role);
  } catch {
    // a private window: the role is asked for again
  }
};
window.addEventListener("beforeunload", (event) => {
  if (state === "recording" || !uplink.idle) event.preventDefault();
});

// A page that was loaded again in the middle of a drive goes on by itself.
async function comeBack() {
  role = remembered("dashgaze-role", () => role);
  const opened = {};
  try {
    sensors.start();
    for (const each of wantedRoles()) {
      const other = Object.values(opened)[0];
      opened[each] = await openCamera(each, options[each], { withSound: !other, notThis: deviceOf(other) });
    }
  } catch (error) {
    if (!opened.road) {
      Object.values(opened).forEach((camera) => camera.close());
      return fail(error, String(error.message || error));
    }
    role = "road";
    oneCamera = true;
  }
  cameras = opened;
  sensors.listen(theSound());
  await record();
}

async function begin() {
  let hello = null;
  while (!hello) {
    hello = await link.post("hello", {}).catch(() => null);
    show();
    if (!hello) await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
  }
  document.title = `Dashcam ${hello.session}`;
  if (hello.state === "finished") command = "done";
  await spool.open(hello.store);
  await uplink.takeUpOldOnes();
  const others = hello.others.filter((other) => other.device !== device).map((other) => other.role);
  const suggested = link.suggestedRole || (others.includes("road") ? "driver" : others.includes("driver") ? "road" : null);
  const choice = document.querySelector(`input[name=role][value="${["both", "road", "driver"].includes(suggested) ? suggested : "both"}"]`);
  choice.checked = true;
  role = choice.value;
  // What a browser remembers may be lost if it is killed soon after; the permission is not.
  const allowed = await navigator.permissions?.query({ name: "camera" }).catch(() => null);
  if (hello.state === "recording" && allowed?.state === "granted") await comeBack();
  else enter("new");
  const tick = async () => {
    await beat();
    setTimeout(tick, state === "sending" ? BUSY_BEAT_MS : BEAT_MS);
  };
  const ping = async () => {
    await clock.ping().then((line) => log.add(line), () => {});
    setTimeout(ping, PING_MS);
  };
  ping();
  tick();
}

// Two tabs of one browser would fight for the cameras and the storage.
if (navigator.locks) {
  navigator.locks.request("dashgaze-page", { ifAvailable: true }, (lock) => {
    if (lock) return begin().then(() => new Promise(() => {}));
    elsewhere = true;
    show();
    return navigator.locks.request("dashgaze-page", () => location.reload());
  });
} else {
  begin();
}
