// What went wrong, and what to do, for people in a car park.

const CAMERA = {
  NotAllowedError: [
    "The browser was not allowed to use the camera or the microphone.",
    "Tap the sign left of the address, allow camera and microphone, then try again.",
  ],
  NotReadableError: [
    "The camera or the microphone is in use, or the phone does not give it.",
    "Close every other app that films or records, also phone calls. Then try again.",
  ],
  AbortError: ["The phone stopped the camera while it started.", "Try again; if it stays so, restart the phone."],
  NotFoundError: ["The phone has no such camera or microphone.", "Choose another role, or use another phone."],
  OverconstrainedError: ["The camera can't do what was asked for.", "Choose another role, or use another phone."],
  SecurityError: ["The browser forbids cameras on this page.", "Open the link with Chrome, not inside another app."],
  TypeError: [
    "The browser gives no cameras to this page.",
    "Open http://localhost with the cable plugged in, or the https link. Use Chrome.",
  ],
};

export const cameraWords = (error) =>
  CAMERA[error?.name] || ["The camera does not work.", `Try again. (${error?.name || error})`];

export const ROLE_NAMES = { road: "Road", driver: "Driver" };

export const size = (bytes) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;

export const clockFace = (ms) => {
  const s = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
};
