// What needs this script is shown only where it runs.
document.documentElement.classList.add("scripted");

// A link leads to what it names, even where that is folded away or filtered out.
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (target.hidden) {
    const input = target.closest(".table").querySelector("input[type=search]");
    input.value = "";
    filter(input);
  }
  target.scrollIntoView();
  target.focus({ preventScroll: true });
}

addEventListener("hashchange", reveal);
reveal();

// What is folded away on the screen is printed, but for texts that are only long.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not(.long)")) details.open = true;
});
