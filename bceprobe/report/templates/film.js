"use strict";

const SVG = "http://www.w3.org/2000/svg";
const scene = JSON.parse(document.getElementById("scene").textContent);
const last = scene.epochs.length - 1;
const slider = document.getElementById("epoch");
const play = document.getElementById("play");
// One epoch after the other at this pace; slower for those who want less motion.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const pace = () => (calm.matches ? 1000 : 120);
const SHAPES = {
  s: "M-11-11H11V11H-11Z",
  "^": "M0-14L13 10H-13Z",
  v: "M0 14L13-10H-13Z",
};
const CROSS = "M-20-20L20 20M-20 20L20-20";

function add(parent, name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

function put(element, points, at) {
  element.setAttribute("transform", `translate(${points[2 * at]} ${points[2 * at + 1]})`);
}

function corners(points) {
  return points.join(" ");
}

// Draws what stays, and returns a function that moves what moves.
function panel(arm) {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  const name = document.createElement("span");
  const glyph = document.createElement("span");
  const said = document.createElement("span");
  glyph.textContent = `${arm.glyph} `;
  glyph.style.color = arm.color;
  glyph.setAttribute("aria-hidden", "true");
  name.append(glyph, arm.label);
  said.className = "nc1";
  caption.append(name, said);
  const svg = add(figure, "svg", { viewBox: "-1000 -1000 2000 2000", role: "img" });
  figure.prepend(caption);
  add(svg, "polygon", {
    points: corners(scene.simplex), fill: "none", stroke: "currentColor", "stroke-width": 5, "stroke-dasharray": "5 12",
  });
  const samples = arm.class.map((at) =>
    add(svg, "path", { d: SHAPES[scene.classes[at].marker], fill: scene.classes[at].color, "fill-opacity": 0.6 }));
  const weights = arm.labels.map((label, at) =>
    add(svg, "line", { x1: 0, y1: 0, stroke: scene.classes[at].color, "stroke-width": 9 }));
  const means = arm.labels.map(() => add(svg, "path", { d: CROSS, stroke: "currentColor", "stroke-width": 8 }));
  document.getElementById("panels").append(figure);
  return (frame) => {
    samples.forEach((element, at) => put(element, arm.points[frame], at));
    means.forEach((element, at) => put(element, arm.means[frame], at));
    weights.forEach((element, at) => {
      element.setAttribute("x2", arm.weight[frame][2 * at]);
      element.setAttribute("y2", arm.weight[frame][2 * at + 1]);
    });
    said.textContent = `NC1 ${arm.nc1[frame]}`;
    const where = `epoch ${scene.epochs[frame]}, NC1 ${arm.nc1[frame]}`;
    svg.setAttribute("aria-label", `${arm.label}: features of classes ${arm.labels.join(", ")} at ${where}`);
  };
}

function explain() {
  const legend = document.getElementById("legend");
  scene.classes.forEach((look, at) => {
    const entry = document.createElement("li");
    const svg = add(entry, "svg", { viewBox: "-18 -18 36 36", "aria-hidden": "true" });
    add(svg, "path", { d: SHAPES[look.marker], fill: look.color });
    const labels = [...new Set(scene.arms.map((arm) => arm.labels[at]))];
    entry.append(`class ${labels.join(" / ")}`);
    legend.append(entry);
  });
}

const movers = scene.arms.map(panel);
let timer = 0;

function show(frame) {
  slider.value = frame;
  slider.setAttribute("aria-valuetext", `epoch ${scene.epochs[frame]}`);
  document.getElementById("said").textContent = `${scene.epochs[frame]} of ${scene.epochs[last]}`;
  for (const move of movers) move(frame);
}

function stop() {
  clearTimeout(timer);
  timer = 0;
  play.textContent = "Play";
  play.setAttribute("aria-pressed", "false");
}

function step() {
  const next = Number(slider.value) + 1;
  if (next > last) return stop();
  show(next);
  timer = setTimeout(step, pace());
}

play.addEventListener("click", () => {
  if (timer) return stop();
  if (Number(slider.value) === last) show(0);
  play.textContent = "Pause";
  play.setAttribute("aria-pressed", "true");
  timer = setTimeout(step, pace());
});
slider.addEventListener("input", () => {
  stop();
  show(Number(slider.value));
});
explain();
show(last);
document.querySelector(".controls").hidden = false;
