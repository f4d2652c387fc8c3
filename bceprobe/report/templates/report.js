"use strict";

// A numeric cell sorts by data-value; a cell without one, such as an undefined value, comes last either way.
function key(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
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

// What is folded away on the screen is printed.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
