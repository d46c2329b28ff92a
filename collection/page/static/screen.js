// What is seen. While driving: nothing.

import { clockFace } from "./words.js";

const SECTIONS = ["new", "probing", "ready", "sending", "done", "failed"];
const HOLD_MS = 3000;
const AWAKE_MS = 4000;

export const $ = (id) => document.getElementById(id);

export const setText = (id, text) => {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
};

export const showSection = (name) => {
  for (const each of SECTIONS) $(each).hidden = each !== name;
};

// Rows of [level, name, words].
export function showLamps(rows) {
  const list = $("lamps");
  while (list.children.length > rows.length) list.lastChild.remove();
  rows.forEach(([level, name, words], place) => {
    let row = list.children[place];
    if (!row) {
      row = document.createElement("li");
      row.append(document.createElement("span"), document.createElement("span"));
      list.append(row);
    }
    row.className = level;
    if (row.children[0].textContent !== name) row.children[0].textContent = name;
    if (row.children[1].textContent !== words) row.children[1].textContent = words;
  });
}

export function showPictures(cameras) {
  const place = $("pictures");
  place.replaceChildren();
  for (const camera of cameras) {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = camera.role === "road" ? "Road: horizon in the middle" : "Driver: the whole face, centred";
    figure.append(camera.video, caption);
    place.append(figure);
    camera.video.play().catch(() => {});
  }
}

export function hidePictures(cameras) {
  $("pictures").replaceChildren();
  for (const camera of cameras) {
    const box = document.createElement("div");
    box.className = "unseen";
    box.append(camera.video);
    document.body.append(box);
    camera.video.play().catch(() => {});
  }
}

export function clearUnseen() {
  document.querySelectorAll(".unseen").forEach((box) => box.remove());
}

// The black screen. A touch shows a dim word for seconds; three seconds of holding stop the drive,
// unless the car moves.
export class BlackScreen {
  constructor({ speed, elapsed, onstop }) {
    Object.assign(this, { speed, elapsed, onstop });
    this.box = $("black");
    this.heldSince = null;
    this.box.addEventListener("contextmenu", (event) => event.preventDefault());
    this.box.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.#touched();
    });
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      this.box.addEventListener(name, () => this.#letGo());
    }
  }

  show() {
    this.box.hidden = false;
    document.documentElement.requestFullscreen?.({ navigationUI: "hide" }).catch(() => {});
  }

  hide() {
    this.#letGo();
    this.box.hidden = true;
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  }

  get moving() {
    return (this.speed() ?? 0) > 1.5;
  }

  #touched() {
    this.box.classList.add("touched");
    clearTimeout(this.fading);
    this.fading = setTimeout(() => this.box.classList.remove("touched"), AWAKE_MS);
    setText("black-time", `Recording ${clockFace(this.elapsed())}`);
    setText("black-hint", this.moving ? "Not while driving." : "Parked? Hold for three seconds to stop.");
    $("hold").hidden = this.moving;
    if (this.moving) return;
    this.heldSince = performance.now();
    clearInterval(this.holding);
    this.holding = setInterval(() => {
      const share = (performance.now() - this.heldSince) / HOLD_MS;
      $("hold-bar").style.width = `${Math.min(1, share) * 100}%`;
      if (share >= 1) {
        this.#letGo();
        this.onstop();
      }
    }, 50);
  }

  #letGo() {
    clearInterval(this.holding);
    $("hold-bar").style.width = "0";
  }
}
