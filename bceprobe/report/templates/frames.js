// Drawn like the frame that came with the page: see bceprobe/report/frames.py.
function matrixPaths(values) {
  const paths = Array(21).fill("");
  for (let row = 0; row < values.length; row++) {
    for (let column = 0; column < values.length; column++) {
      const value = entry(values, row, column);
      if (value === null) continue;
      const level = Math.max(-10, Math.min(10, Math.floor(10 * value + 0.5)));
      paths[level + 10] += `M${column} ${row}h1v1h-1z`;
    }
  }
  return paths;
}

function entry(values, row, column) {
  return values[Math.max(row, column)][Math.min(row, column)];
}

function histogramPath(counts) {
  const highest = Math.max(...counts, 1);
  return `M0 100${counts.map((count) => `V${100 - Math.floor((100 * count) / highest)}h5`).join("")}V100z`;
}

function marksPath(marks, edges) {
  const inside = marks.filter((mark) => edges[0] <= mark && mark <= edges.at(-1));
  const places = inside.map((mark) => Math.floor((50 * (mark - edges[0])) / (edges[1] - edges[0])) / 10);
  return places.map((place) => `M${place} 100v-100`).join("");
}

function histogramPaths({ counts, marks }, { edges }) {
  return [histogramPath(counts[1]), histogramPath(counts[0]), marksPath(marks, edges)];
}

const minus = (text) => String(text).replace("-", "−");

// What each kind of frames is made of: its paths, the cell under a point of the drawing, and what that cell holds.
const KINDS = {
  matrices: {
    paths: matrixPaths,
    cells: ({ labels }) => [labels.length, labels.length],
    value: (values, [column, row], { labels, thing }) =>
      `${thing} ${labels[row]} with ${thing} ${labels[column]}: ${minus(entry(values, row, column)?.toFixed(2) ?? "undefined")}`,
    columns: ["row", "column", "value"],
    rows: (values, { labels }) =>
      values.flatMap((line, row) => line.map((value, column) => [labels[row], labels[column], value])),
  },
  histograms: {
    paths: histogramPaths,
    cells: ({ edges }) => [edges.length - 1, 1],
    value: ({ counts }, [bin], { edges, series }) =>
      `${minus(edges[bin])} to ${minus(edges[bin + 1])}: ${series.map((name, at) => `${counts[at][bin]} ${name}`).join(", ")}`,
    columns: ["from", "to", "series", "value"],
    rows: ({ counts, marks }, { edges, series, marks: name }) => [
      ...series.flatMap((of, at) => counts[at].map((count, bin) => [edges[bin], edges[bin + 1], of, count])),
      ...marks.map((mark) => [mark, mark, name, 1]),
    ],
  },
};

class Frames {
  constructor(root) {
    this.root = root;
    this.data = numbersOf(root);
    this.kind = KINDS[root.classList.contains("matrices") ? "matrices" : "histograms"];
    this.slider = root.querySelector("input[type=range]");
    this.panels = [...root.querySelectorAll("figure")];
    this.cell = null;
    this.slider.addEventListener("input", () => this.draw());
    for (const [at, panel] of this.panels.entries()) this.listen(panel.querySelector("svg"), at);
    // A browser may bring back where the slider was before the page was loaded again.
    if (Number(this.slider.value) !== this.data.steps.length - 1) this.draw();
  }

  listen(svg, at) {
    svg.tabIndex = 0;
    svg.addEventListener("pointermove", (event) => this.point(this.cellAt(svg, event)));
    svg.addEventListener("pointerleave", () => this.point(null));
    svg.addEventListener("focus", () => this.point(this.cell ?? [0, 0]));
    svg.addEventListener("blur", () => this.point(null));
    svg.addEventListener("keydown", (event) => this.step(event, at));
  }

  frame(panel) {
    const frames = this.data.panels[panel].frames;
    return Math.min(Number(this.slider.value), frames.length - 1);
  }

  draw() {
    const step = this.data.steps[Number(this.slider.value)];
    this.slider.setAttribute("aria-valuetext", step);
    this.root.querySelector(".at").textContent = step;
    for (const [at, panel] of this.panels.entries()) {
      const { frames, texts } = this.data.panels[at];
      const paths = this.kind.paths(frames[this.frame(at)], this.data);
      const drawn = panel.querySelectorAll("path:not(.axis)");
      paths.forEach((path, index) => drawn[index].setAttribute("d", path));
      panel.querySelector(".says").textContent = texts[this.frame(at)];
    }
    this.point(this.cell);
  }

  cellAt(svg, event) {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const { width, height } = this.pointed(svg);
    const cell = [Math.floor(place.x / width), Math.floor(place.y / height)];
    return cell.every((part, at) => part >= 0 && part < this.kind.cells(this.data)[at]) ? cell : null;
  }

  pointed(svg) {
    const mark = svg.querySelector(".pointed");
    return { mark, width: Number(mark.getAttribute("width")), height: Number(mark.getAttribute("height")) };
  }

  // The same cell is pointed at in every panel, so that arms can be compared.
  point(cell) {
    this.cell = cell;
    for (const [at, panel] of this.panels.entries()) {
      const { mark, width, height } = this.pointed(panel);
      mark.toggleAttribute("hidden", !cell);
      mark.setAttribute("x", cell ? cell[0] * width : 0);
      mark.setAttribute("y", cell ? cell[1] * height : 0);
      panel.querySelector(".value").textContent = cell ? this.value(at) : "";
    }
  }

  value(at) {
    return this.kind.value(this.data.panels[at].frames[this.frame(at)], this.cell, this.data);
  }

  // Every frame of every panel, a row for each number.
  rows() {
    return this.data.panels.flatMap(({ title, frames }) =>
      frames.flatMap((frame, at) => {
        const step = frames.length > 1 ? this.data.steps[at] : "";
        return this.kind.rows(frame, this.data).map((row) => [title, step, ...row]);
      }),
    );
  }

  // Arrow keys move the cell; what it holds in this panel is read out.
  step(event, at) {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const limits = this.kind.cells(this.data);
    const cell = this.cell ?? [0, 0];
    this.point(cell.map((part, axis) => Math.max(0, Math.min(limits[axis] - 1, part + move[axis]))));
    this.root.querySelector("output").textContent = this.value(at);
  }
}

const everyFrames = [...document.querySelectorAll(".frames")].map((root) => new Frames(root));

SAVES.frames = (button) => {
  const frames = everyFrames.find(({ root }) => root.contains(button));
  save(`${frames.root.id}.csv`, "text/csv", csvLines([["panel", "at", ...frames.kind.columns], ...frames.rows()]));
};

// On paper the last frame is shown, as it is without a script.
const kept = new Map();
addEventListener("beforeprint", () => {
  for (const frames of everyFrames) {
    kept.set(frames, frames.slider.value);
    frames.slider.value = frames.data.steps.length - 1;
    frames.draw();
  }
});
addEventListener("afterprint", () => {
  for (const [frames, value] of kept) {
    frames.slider.value = value;
    frames.draw();
  }
});
