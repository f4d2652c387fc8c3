"use strict";

// What a cell says, without the links beside it, and in full where the page shows only the beginning.
function said(cell) {
  const copy = cell.cloneNode(true);
  for (const extra of copy.querySelectorAll(".see, summary")) extra.remove();
  for (const cut of copy.querySelectorAll(".cut")) cut.textContent = cut.title;
  return copy.textContent.trim();
}

// A numeric cell sorts by data-value; a cell without one, such as an undefined value, comes last either way.
function key(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? said(cell) : Number(cell.dataset.value);
}

function isMissing(row, column, numeric) {
  return numeric && row.cells[column].dataset.value === undefined;
}

function order(column, numeric, sign) {
  return (one, other) => {
    const missing = isMissing(one, column, numeric) - isMissing(other, column, numeric);
    if (missing) return missing;
    const [a, b] = [key(one, column), key(other, column)];
    return sign * (numeric ? a - b : a.localeCompare(b, "en", { numeric: true }));
  };
}

function sort(table, header) {
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  const rows = [...table.tBodies[0].rows];
  rows.sort(order(header.cellIndex, header.classList.contains("number"), ascending ? 1 : -1));
  table.tBodies[0].append(...rows);
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table.sortable")) {
  for (const header of table.tHead.rows[0].cells) {
    header.querySelector("button").addEventListener("click", () => sort(table, header));
  }
}

// Rows stay that hold every word of the filter, in any column and in either case.
function filter(input) {
  const frame = input.closest(".table");
  const rows = [...frame.querySelector("table").tBodies[0].rows];
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) {
    const text = [...row.cells].map(said).join(" ").toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  const shown = rows.filter((row) => !row.hidden).length;
  frame.querySelector("output").textContent = words.length ? `${shown} of ${rows.length} rows` : "";
}

for (const input of document.querySelectorAll(".table input[type=search]")) {
  input.addEventListener("input", () => filter(input));
}
