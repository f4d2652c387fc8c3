// An arm that is pointed at, or chosen by a click, stands out in every figure of its group.
function light(group, arm) {
  for (const drawn of group.querySelectorAll("svg [data-arm]")) {
    drawn.classList.toggle("faint", arm !== undefined && drawn.dataset.arm !== arm);
  }
}

function chosen(group) {
  return group.querySelector(".legend [aria-pressed=true]")?.dataset.arm;
}

function choose(group, button) {
  const pressed = button.getAttribute("aria-pressed") !== "true";
  for (const other of group.querySelectorAll(".legend button")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(pressed));
  light(group, chosen(group));
}

for (const button of document.querySelectorAll(".legend button")) {
  const group = button.closest(".figures");
  for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => light(group, button.dataset.arm));
  for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => light(group, chosen(group)));
  button.addEventListener("click", () => choose(group, button));
}

function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// On its own a figure has no page to take ink, font and colours from.
function standalone(svg) {
  const alone = svg.cloneNode(true);
  for (const drawn of alone.querySelectorAll(".faint")) drawn.classList.remove("faint");
  if (svg.closest(".frames")) return serialised(painted(svg, alone));
  alone.setAttribute("style", "color: #20242a; font-family: sans-serif");
  return serialised(alone);
}

function painted(svg, alone) {
  const parts = [...svg.querySelectorAll("*")];
  for (const [at, part] of [...alone.querySelectorAll("*")].entries()) {
    const { fill, stroke, opacity, fontSize, display, strokeWidth } = getComputedStyle(parts[at]);
    part.removeAttribute("style");
    Object.assign(part.style, { fill, stroke, opacity, fontSize, display, strokeWidth });
  }
  alone.setAttribute("style", `background: ${getComputedStyle(document.body).backgroundColor}; font-family: sans-serif`);
  return alone;
}

function serialised(svg) {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(svg)}\n`;
}

function saveSvg(button) {
  const figure = button.closest("figure");
  const shown = [...figure.querySelectorAll("svg")].find((svg) => svg.getClientRects().length);
  save(`${figure.id}.svg`, "image/svg+xml", standalone(shown));
}

function numbersOf(root) {
  return JSON.parse(root.querySelector("script[type='application/json']").textContent);
}

function saveCsv(button) {
  const figure = button.closest("figure");
  const { columns, rows } = numbersOf(figure);
  save(`${figure.id}.csv`, "text/csv", csvLines([columns, ...rows]));
}

const SAVES = { svg: saveSvg, csv: saveCsv };
for (const button of document.querySelectorAll("button[data-save]")) {
  button.addEventListener("click", () => SAVES[button.dataset.save](button));
}
