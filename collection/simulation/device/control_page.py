"""The page on which a trainer switches faults."""

CONTROL_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated eye tracker</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 1rem auto; padding: 0 1rem; }
  li { list-style: none; display: grid; grid-template-columns: 1.6rem 11rem 1fr 9rem; gap: .5rem;
       padding: .4rem 0; border-top: 1px solid #8884; align-items: baseline; }
  ul { padding: 0; }
  label { font-weight: 600; }
  input[type=text] { width: 5.5rem; }
  .on { background: #d332; }
  #state { white-space: pre-wrap; }
  @media (max-width: 40rem) { li { grid-template-columns: 1.6rem 1fr; } li > :nth-child(n+3) { grid-column: 2; } }
</style>
<h1>Simulated eye tracker</h1>
<p id="state">…</p>
<ul id="faults"></ul>
<script>
"use strict";
const list = document.getElementById("faults"), rows = {};
function row(name, fault) {
  const item = document.createElement("li"), box = document.createElement("input");
  box.type = "checkbox"; box.id = name;
  const label = document.createElement("label"); label.htmlFor = name; label.textContent = name;
  const what = document.createElement("span"); what.textContent = fault.what;
  const side = document.createElement("span"), value = document.createElement("input");
  value.type = "text"; value.value = fault.value ?? ""; value.hidden = fault.value === null;
  value.setAttribute("aria-label", "value of " + name);
  side.append(value, typeof fault.value === "number" ? " " + fault.unit : "");
  const send = () => post({name, on: box.checked, value: value.hidden ? null : value.value});
  box.onchange = send; value.onchange = () => box.checked && send();
  item.append(box, label, what, side); list.append(item);
  return {item, box};
}
function show(state) {
  document.getElementById("state").textContent = state.error ??
    state.kind + " at " + state.address + ":" + state.port +
    (state.recording_id ? ", recording " + state.recorded_s.toFixed(0) + " s" : ", not recording");
  for (const [name, fault] of Object.entries(state.faults ?? {})) {
    rows[name] ??= row(name, fault);
    rows[name].box.checked = fault.on; rows[name].item.className = fault.on ? "on" : "";
  }
}
async function post(content) {
  const answer = await fetch("/simulator/fault", {method: "POST", body: JSON.stringify(content),
    headers: {"Content-Type": "application/json"}});
  show(await answer.json());
}
async function refresh() {
  try { show(await (await fetch("/simulator/state")).json()); } catch { show({error: "No answer."}); }
}
refresh(); setInterval(refresh, 1000);
</script>
</html>
"""
