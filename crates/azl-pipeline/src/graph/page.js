"use strict";
// Points are arrays [name, column, row, stage, state, nodes, needs]; see page.rs.
const NAME = 0, STAGE = 3, STATE = 4, NODES = 5, NEEDS = 6;
const WIDE = 230, HIGH = 26, BOX = 180;
const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("canvas"), pen = canvas.getContext("2d");
const side = document.getElementById("side"), search = document.getElementById("search");
let level, chosen = -1, related = new Map(), view = { x: 0, y: 0, scale: 1 }, waiting = false;

function colour(stage) { return `hsl(${(210 + stage * 137) % 360} 50% 48%)`; }
function x(point) { return point[1] * WIDE; }
function y(point) { return point[2] * HIGH; }

function open(index) {
  level = data.levels[index];
  if (!level.neededBy) {
    level.neededBy = level.points.map(() => []);
    level.points.forEach((point, at) => point[NEEDS].forEach(need => level.neededBy[need].push(at)));
    level.index = new Map(level.points.map((point, at) => [point[NAME], at]));
  }
  document.getElementById("level").value = String(index);
  const names = document.getElementById("names"), legend = document.getElementById("legend");
  // A browser is slow with very long lists of suggestions; search finds the rest all the same.
  names.replaceChildren(...level.points.slice(0, 2000).map(point => option(point[NAME])));
  legend.replaceChildren(...level.stages.map((stage, at) => {
    const entry = document.createElement("span"), sign = document.createElement("i");
    sign.style.background = colour(at);
    entry.append(sign, stage);
    return entry;
  }), "outlined: not done yet");
  choose(-1);
  fit();
}

function option(text) {
  const element = document.createElement("option");
  element.value = text;
  return element;
}

function fit() {
  const most = of => level.points.reduce((most, point) => Math.max(most, of(point)), 0);
  const width = most(x) + WIDE, height = most(y) + HIGH * 2;
  const scale = Math.min(canvas.clientWidth / width, canvas.clientHeight / height, 1.5) || 1;
  view = { x: HIGH * scale, y: HIGH * scale, scale };
  draw();
}

function centre(at) {
  const point = level.points[at];
  view.scale = Math.max(view.scale, 0.8);
  view.x = canvas.clientWidth / 2 - (x(point) + BOX / 2) * view.scale;
  view.y = canvas.clientHeight / 2 - y(point) * view.scale;
  draw();
}

// All that a point reaches, with the number of steps.
function reach(start, edges, sign) {
  const seen = new Map([[start, 0]]);
  let border = [start];
  for (let step = 1; border.length; step++) {
    const next = [];
    for (const at of border) for (const to of edges(at)) if (!seen.has(to)) { seen.set(to, sign * step); next.push(to); }
    border = next;
  }
  return seen;
}

function choose(at) {
  chosen = at;
  related = new Map();
  if (at >= 0) {
    related = new Map([...reach(at, of => level.neededBy[of], -1), ...reach(at, of => level.points[of][NEEDS], 1)]);
  }
  describe();
  draw();
}

function describe() {
  side.replaceChildren();
  if (chosen >= 0) {
    const point = level.points[chosen], needs = point[NEEDS], neededBy = level.neededBy[chosen];
    const title = document.createElement("h2"), about = document.createElement("p");
    title.textContent = point[NAME];
    about.textContent = `${level.stages[point[STAGE]]}, ${level.states[point[STATE]] || "state unknown"}, ${point[NODES]} nodes`;
    side.append(title, about, list(`Needs (${needs.length})`, needs), list(`Needed by (${neededBy.length})`, neededBy));
    const other = data.levels.findIndex(other => other !== level);
    if (other >= 0 && level.level === "component") side.append(inside(point[NAME], other));
  }
  resize();
}

function list(title, points) {
  const box = document.createElement("div"), head = document.createElement("h3");
  head.textContent = title;
  box.append(head, ...points.slice(0, 500).map(at => link(level.points[at][NAME], () => { choose(at); centre(at); })));
  if (points.length > 500) box.append(`and ${points.length - 500} more`);
  return box;
}

function link(text, action) {
  const element = document.createElement("a");
  element.textContent = text;
  element.onclick = action;
  return element;
}

// The nodes of a component, which are shown at their own level.
function inside(name, other) {
  const bare = name.split(":").pop();
  const isOwn = node => node === name || node.slice(node.indexOf(":") + 1).split("/")[0] === bare;
  const nodes = data.levels[other].points.filter(point => isOwn(point[NAME]));
  const box = document.createElement("div"), head = document.createElement("h3");
  head.textContent = "Its nodes";
  box.append(head, ...nodes.map(point => link(`${point[NAME]} (${data.levels[other].states[point[STATE]] || "?"})`, () => {
    open(other);
    find(point[NAME]);
  })));
  return box;
}

function find(text) {
  let at = level.index.get(text);
  if (at === undefined && text) at = level.points.findIndex(point => point[NAME].includes(text));
  if (at >= 0) { choose(at); centre(at); }
}

function draw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; paint(); });
}

function paint() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches, ratio = devicePixelRatio || 1;
  const ink = dark ? "#ddd" : "#222", paper = dark ? "#1c1c1c" : "#fff";
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.fillStyle = paper;
  pen.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  pen.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
  const left = -view.x / view.scale - WIDE, right = (canvas.clientWidth - view.x) / view.scale;
  const top = -view.y / view.scale - HIGH, bottom = (canvas.clientHeight - view.y) / view.scale;
  // Far off, lines are a grey surface and cost most of the time: only those of the chosen point are drawn.
  if (view.scale > 0.35 && chosen < 0) lines(point => seen(point), ink, 0.15);
  if (chosen >= 0) lines((point, at) => related.has(at), ink, 0.5);
  function seen(point) { return x(point) > left && x(point) < right && y(point) > top && y(point) < bottom; }
  level.points.forEach((point, at) => { if (seen(point)) box(point, at, ink); });
}

function lines(wanted, ink, strength) {
  pen.strokeStyle = ink;
  pen.globalAlpha = strength;
  pen.lineWidth = 1 / view.scale;
  pen.beginPath();
  level.points.forEach((point, at) => {
    if (!wanted(point, at)) return;
    for (const need of point[NEEDS]) {
      if (chosen >= 0 && !(related.has(need) && Math.sign(related.get(at) || related.get(need)) === Math.sign(related.get(need) || related.get(at)))) continue;
      const other = level.points[need], from = x(other) + BOX, to = x(point);
      pen.moveTo(from, y(other));
      pen.bezierCurveTo(from + 40, y(other), to - 40, y(point), to, y(point));
    }
  });
  pen.stroke();
  pen.globalAlpha = 1;
}

function box(point, at, ink) {
  const isDone = level.states[point[STATE]] === "cached";
  pen.globalAlpha = chosen >= 0 && !related.has(at) ? 0.12 : 1;
  pen.fillStyle = pen.strokeStyle = colour(point[STAGE]);
  pen.lineWidth = at === chosen ? 4 : 2;
  if (isDone) pen.fillRect(x(point), y(point) - 9, BOX, 18);
  if (!isDone || at === chosen) pen.strokeRect(x(point), y(point) - 9, BOX, 18);
  if (view.scale > 0.3) {
    pen.fillStyle = isDone ? "#fff" : ink;
    pen.font = "12px system-ui, sans-serif";
    const name = point[NAME].length > 26 ? point[NAME].slice(0, 25) + "…" : point[NAME];
    pen.fillText(name, x(point) + 5, y(point) + 4);
  }
  pen.globalAlpha = 1;
}

function resize() {
  const ratio = devicePixelRatio || 1;
  canvas.width = canvas.clientWidth * ratio;
  canvas.height = canvas.clientHeight * ratio;
  draw();
}

function under(event) {
  const px = (event.offsetX - view.x) / view.scale, py = (event.offsetY - view.y) / view.scale;
  return level.points.findIndex(point => px >= x(point) && px <= x(point) + BOX && Math.abs(py - y(point)) <= 11);
}

let drag = null;
canvas.onpointerdown = event => { drag = { x: event.clientX, y: event.clientY, moved: 0 }; canvas.setPointerCapture(event.pointerId); };
canvas.onpointermove = event => {
  if (!drag) { canvas.title = (level.points[under(event)] || [""])[NAME]; return; }
  const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
  view.x += dx; view.y += dy;
  drag = { x: event.clientX, y: event.clientY, moved: drag.moved + Math.abs(dx) + Math.abs(dy) };
  draw();
};
canvas.onpointerup = event => { if (drag && drag.moved < 4) choose(under(event)); drag = null; };
canvas.onwheel = event => {
  event.preventDefault();
  const scale = Math.min(4, Math.max(0.01, view.scale * Math.exp(-event.deltaY / 500))), by = scale / view.scale;
  view.x = event.offsetX - (event.offsetX - view.x) * by;
  view.y = event.offsetY - (event.offsetY - view.y) * by;
  view.scale = scale;
  draw();
};
search.onchange = () => find(search.value.trim());
document.getElementById("fit").onclick = fit;
addEventListener("resize", resize);
const select = document.getElementById("level");
data.levels.forEach((entry, at) => {
  const element = option(String(at));
  element.textContent = `${entry.level}s (${entry.points.length})`;
  select.append(element);
});
select.onchange = () => open(Number(select.value));
resize();
const first = data.levels.findIndex(entry => entry.points.some(point => point[NAME] === data.chosen));
open(Math.max(first, 0));
if (data.chosen) find(data.chosen);
