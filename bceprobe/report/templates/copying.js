// The rows that are shown, in the order they have on the page; headings first.
function shownCells(table) {
  const rows = [...table.tBodies[0].rows].filter((row) => !row.hidden);
  return [table.tHead.rows[0], ...rows].map((row) => [...row.cells]);
}

// A spreadsheet takes a text that begins like this for a formula, and would act on it.
const FORMULA = /^[\s"']*[=+\-@]/;
const NUMBER = /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i;

function csvField(text) {
  const inert = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

function csvLines(rows) {
  return rows.map((row) => row.map((value) => csvField(String(value ?? ""))).join(",")).join("\r\n") + "\r\n";
}

// A numeric column has its values in full precision, and beside them what the page shows where that says more.
function csvColumn(cells) {
  const [head, ...body] = cells;
  const shown = cells.map(said);
  if (!head.classList.contains("number")) return [shown];
  const values = [shown[0], ...body.map((cell) => cell.dataset.value ?? "")];
  const says = shown.some((text) => /[±[]/.test(text));
  return says ? [values, [`${shown[0]} (as shown)`, ...shown.slice(1)]] : [values];
}

function asCsv(table) {
  const rows = shownCells(table);
  const columns = rows[0].flatMap((_, at) => csvColumn(rows.map((row) => row[at])));
  return csvLines(rows.map((_, at) => columns.map((column) => column[at])));
}

// Every character that LaTeX acts on, and those of our numbers that its fonts lack. `[` would be an argument of `\\`.
const LATEX = {
  "\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "[": "{[}", "]": "{]}", "$": "\\$", "&": "\\&", "#": "\\#",
  "%": "\\%", "_": "\\_", "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}",
  ">": "\\textgreater{}", "|": "\\textbar{}", '"': "\\textquotedbl{}", "`": "\\textasciigrave{}",
  "−": "$-$", "±": "$\\pm$", "×": "$\\times$", "↓": "$\\downarrow$", "↑": "$\\uparrow$", "—": "---", "…": "\\dots{}",
};
const POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function power(digits) {
  const plain = [...digits].map((digit) => (digit === "⁻" ? "-" : POWERS.indexOf(digit))).join("");
  return `$^{${plain}}$`;
}

function latexText(text) {
  const inert = text.replace(/[\\{}[\]$&#%_^~<>|"`−±×↓↑—…]/g, (mark) => LATEX[mark]);
  return inert.replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/g, power).replace(/\s+/g, " ");
}

function latexCell(cell) {
  const text = latexText(said(cell));
  return cell.classList.contains("strong") ? `\\textbf{${text}}` : text;
}

function asLatex(table) {
  const [head, ...body] = shownCells(table);
  const line = (row) => `${row.map(latexCell).join(" & ")} \\\\`;
  const align = head.map((cell) => (cell.classList.contains("number") ? "r" : "l")).join("");
  const lines = [`\\begin{tabular}{${align}}`, "\\toprule", line(head), "\\midrule", ...body.map(line)];
  return [...lines, "\\bottomrule", "\\end{tabular}", ""].join("\n");
}

// Pages that come over plain http have no clipboard; there the old way works.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.body.appendChild(document.createElement("textarea"));
  area.value = text;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}

const COPIES = {
  csv: (button) => asCsv(button.closest(".table").querySelector("table")),
  latex: (button) => asLatex(button.closest(".table").querySelector("table")),
  text: (button) => said(button.closest(".paragraph").querySelector("p")),
};

for (const button of document.querySelectorAll("button[data-copy]")) {
  const output = button.closest(".tools").querySelector("output");
  button.addEventListener("click", async () => {
    await copy(COPIES[button.dataset.copy](button)).then(
      () => (output.textContent = "Copied"),
      () => (output.textContent = "The browser does not allow copying"),
    );
  });
}
