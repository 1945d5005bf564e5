// Narrows the list of facilities to those whose name, reading, id or department holds every word that is typed. Without it, and in a
// browser that runs no script, the page shows all of them. Katakana and hiragana, wide and narrow letters are alike.
"use strict";
(() => {
  const plain = (text) =>
    text.normalize("NFKC").toLowerCase().replace(/[ァ-ヶ]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0x60));
  const box = document.getElementById("search");
  const wanted = document.getElementById("wanted");
  const found = document.getElementById("found");
  const groups = [...document.querySelectorAll("[data-group]")].map((group) => ({
    group,
    rows: [...group.querySelectorAll("[data-find]")].map((row) => [row, plain(row.dataset.find)]),
  }));
  const narrow = () => {
    const words = plain(wanted.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { group, rows } of groups) {
      let shown = 0;
      for (const [row, text] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
      count += shown;
    }
    found.textContent = words.length ? `${count} ${found.dataset.unit}` : "";
  };
  wanted.addEventListener("input", narrow);
  box.hidden = false;
  narrow();
})();
