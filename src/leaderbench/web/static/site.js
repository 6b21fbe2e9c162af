// The theme is set before anything is drawn; everything else only spares clicks: all pages work without this file.
(() => {
  const root = document.documentElement;
  const stored = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const say = () => button.setAttribute("aria-pressed", String(isDark()));
    button.hidden = false;
    say();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a private window forgets it */ }
      say();
    });
    // A menu that would leave the page on the right is moved back onto it.
    const stay = (menu) => {
      const field = menu.querySelector("fieldset");
      field.style.left = "";
      if (!menu.open) return;
      const box = field.getBoundingClientRect();
      field.style.left = `${Math.max(8 - menu.getBoundingClientRect().left, Math.min(0, root.clientWidth - 8 - box.right))}px`;
    };
    // A table that fits scrolls with the page and its head stays at the top of the window. A wider one scrolls by itself;
    // its head follows where the page has been scrolled past the beginning of the table.
    const tables = [...document.querySelectorAll(".scroll.tall")];
    const measure = () => {
      for (const item of tables) {
        const width = item.firstElementChild.scrollWidth;
        item.classList.toggle("fits", width <= item.clientWidth);
      }
      follow();
    };
    const follow = () => {
      for (const item of tables) {
        const above = item.classList.contains("fits") ? 0 : Math.max(0, -item.getBoundingClientRect().top);
        item.style.setProperty("--above", `${above}px`);
      }
    };
    if (tables.length) {
      measure();
      addEventListener("resize", measure);
      addEventListener("scroll", follow, { passive: true });
    }
    for (const form of document.querySelectorAll("form[data-live]")) {
      const changed = new Set();
      form.addEventListener("change", (event) => {
        const menu = event.target.closest(".menu");
        if (menu) changed.add(menu);
        else if (event.target.matches("select")) form.requestSubmit();
      });
      // What was ticked in a menu is sent when it closes; a click elsewhere, Escape or another menu closes it.
      const menus = [...form.querySelectorAll(".menu")];
      for (const menu of menus) {
        menu.addEventListener("toggle", () => {
          stay(menu);
          if (menu.open) for (const other of menus) { if (other !== menu) other.open = false; }
          else if (changed.has(menu)) form.requestSubmit();
        });
      }
      document.addEventListener("click", (event) => {
        for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
      });
      form.addEventListener("keydown", (event) => {
        const menu = event.key === "Escape" && event.target.closest(".menu[open]");
        if (!menu) return;
        menu.open = false;
        menu.querySelector("summary").focus();
      });
      form.addEventListener("submit", () => {
        const boxes = [...form.querySelectorAll("input[name=columns]")];
        if (boxes.every((box) => box.checked)) for (const box of boxes) box.disabled = true;
        for (const field of form.querySelectorAll("input, select")) {
          const usual = field.matches("select") && [...field.options].find((option) => option.defaultSelected);
          const plain = { average: "all", ranks: "static", intervals: "simultaneous", values: "raw", digits: "1" };
          if (field.value === "" || (usual !== undefined && plain[field.name] === field.value)) field.disabled = true;
        }
      });
    }
    addEventListener("pageshow", (event) => {
      // After "back" the fields say what the address says, not what was typed before the page was left.
      const [visit] = performance.getEntriesByType("navigation");
      if (event.persisted || visit?.type === "back_forward") {
        for (const form of document.querySelectorAll("form[data-live]")) form.reset();
      }
      for (const field of document.querySelectorAll("form[data-live] :disabled")) field.disabled = false;
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
      const target = { "/": "input[type=search]", ArrowLeft: "a[rel=prev]", ArrowRight: "a[rel=next]" }[event.key];
      const found = target && !event.target.closest(".scroll") && document.querySelector(target);
      if (!found) return;
      event.preventDefault();
      if (event.key === "/") found.focus();
      else found.click();
    });
  });
})();
