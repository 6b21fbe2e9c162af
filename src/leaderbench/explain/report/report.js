(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Light and dark: colours are CSS variables, in charts too, so nothing is drawn anew.
  const system = matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const say = () => toggle.setAttribute("aria-pressed", String(isDark()));
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    say();
  });
  system.addEventListener("change", say);
  say();
  toggle.hidden = false;

  // Tables: a click on a column's name sorts by it.
  const keyOf = (row, column) => {
    const cell = all("[data-column]", row).find((item) => item.dataset.column === column);
    return cell ? (cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value)) : "";
  };
  const before = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a.localeCompare(b, undefined, { numeric: true });
  };
  all("table[data-sortable]").forEach((table) => {
    const heads = all("thead th[data-column]", table);
    heads.forEach((head) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = head.classList.contains("number") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = head.getAttribute("aria-sort") === first ? other : first;
        heads.forEach((item) => item.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const keyed = all("tbody tr", table).map((row) => [keyOf(row, head.dataset.column), row]);
        keyed.sort((a, b) => (a[0] === "" || b[0] === "" ? (a[0] === "") - (b[0] === "") : sign * before(a[0], b[0])));
        table.tBodies[0].append(...keyed.map((item) => item[1]));
      });
    });
  });

  // Flips: search and filters.
  all(".flips").forEach((list) => {
    const flips = all(".flip", list).map((item) => ({ item, text: null }));
    const [search, cause, change, tie] = ["search", "cause", "change", "tie"].map((name) => list.querySelector("[name=" + name + "]"));
    const count = list.querySelector(".count");
    const textOf = (flip) => {
      if (flip.text === null) {
        const parts = all("summary:first-child, .side, .prompt:not(.folded)", flip.item).map((part) => part.textContent);
        flip.text = parts.join("\n").toLowerCase();
      }
      return flip.text;
    };
    const apply = () => {
      const wanted = search.value.trim().toLowerCase();
      let shown = 0;
      flips.forEach((flip) => {
        const data = flip.item.dataset;
        const fits =
          (!cause.value || data.cause === cause.value) && (!change.value || data.change === change.value) &&
          (!tie.checked || data.tie === "yes") && (!wanted || textOf(flip).includes(wanted));
        flip.item.hidden = !fits;
        shown += fits;
      });
      count.textContent = shown === flips.length ? "" : shown.toLocaleString("en") + " of " + flips.length.toLocaleString("en") + " shown";
    };
    [search, cause, change, tie].forEach((control) => ["input", "change"].forEach((event) => control.addEventListener(event, apply)));
    list.querySelector(".controls").hidden = false;
  });
})();
