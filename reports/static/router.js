// The fragment is the state: #page?q=...&open=...; a link to it shows the same again.
const FILTERED = { __proto__: null, matrix: matrixPage, cases: casesPage, accuracy: atlasPage };
const SINGLE = { __proto__: null, clause: clausePage, case: casePage };

function fragment(page, params = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== null && value !== undefined && value !== "") search.set(name, value);
  const text = search.toString();
  return text ? `#${page}?${text}` : `#${page}`;
}

function readState() {
  const [page, search = ""] = location.hash.slice(1).split(/\?(.*)/s);
  const known = [...document.querySelectorAll("section.page")].map((section) => section.id);
  const params = Object.fromEntries(new URLSearchParams(search));
  return { page: known.includes(page) ? page : "overview", params, query: params.q ?? "" };
}

let drawn = null;

function draw() {
  if (location.hash === "#main") return byId("main").focus();
  const state = readState();
  for (const section of document.querySelectorAll("section.page"))
    section.classList.toggle("active", section.id === state.page);
  for (const link of document.querySelectorAll("#nav a")) {
    const page = link.getAttribute("href").slice(1).split("?")[0];
    if (page === state.page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (page in FILTERED) link.setAttribute("href", fragment(page, { q: state.query }));
  }
  byId("finder").hidden = !(state.page in FILTERED);
  if (document.activeElement !== byId("filter")) byId("filter").value = state.query;
  if (report) drawPage(state);
  const where = `${state.page} ${state.params.id ?? ""}`;
  if (drawn !== null && drawn !== where) scrollTo(0, 0);
  drawn = where;
  document.documentElement.dataset.page = state.page;
  markScrolling();
  return undefined;
}

// What scrolls can be reached by keyboard, and nothing else gets in the way.
function markScrolling() {
  for (const node of document.querySelectorAll("section.active .scroll, section.active pre")) {
    if (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1)
      node.tabIndex = 0;
    else node.removeAttribute("tabindex");
  }
}

function drawPage(state) {
  if (state.page in SINGLE) SINGLE[state.page](state);
  if (!(state.page in FILTERED)) return;
  const note = byId("filter-note");
  try {
    state.test = parseQuery(state.query);
    note.textContent = "";
    note.classList.remove("wrong");
  } catch (error) {
    note.textContent = error.message;
    note.classList.add("wrong");
    return;
  }
  const focused = document.activeElement?.dataset?.area;
  const matching = FILTERED[state.page](state);
  note.textContent = `${amount(matching.reduce((sum, item) => sum + item.weight, 0))} of ${amount(report.cases.reduce((sum, item) => sum + item.weight, 0))} cases`;
  if (focused !== undefined)
    [...document.querySelectorAll("a.fold")].find((link) => link.dataset.area === focused)?.focus();
}

// Only after a short rest, so that a fast typist does not wait for every letter.
let typing = 0;

function typeFilter() {
  clearTimeout(typing);
  typing = setTimeout(applyFilter, 80);
}

function applyFilter() {
  const state = readState();
  const next = fragment(state.page, { ...state.params, q: byId("filter").value.trim(), at: null });
  if (next !== location.hash) history.replaceState(null, "", next);
  draw();
}

function moveInMatrix(event, table) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const cell = document.activeElement.closest("td, th");
  if (!step || !cell) return;
  let [row, column] = [cell.parentElement.rowIndex + step[0], cell.cellIndex + step[1]];
  for (; table.rows[row]?.cells[column]; row += step[0], column += step[1]) {
    const link = table.rows[row].cells[column].querySelector("a[href]");
    if (link) {
      event.preventDefault();
      link.focus();
      return;
    }
  }
}

function nextLink(by) {
  const links = [...document.querySelectorAll("section.active tbody a[href], section.active summary")].filter(
    (link) => link.offsetParent !== null,
  );
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at < 0 ? 0 : at + by))]?.focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "Escape" && typing) return event.target.blur();
  if (typing || byId("help-box").open) return;
  const table = document.activeElement?.closest?.("table.matrix");
  if (event.key.startsWith("Arrow") && table) return moveInMatrix(event, table);
  const pages = [...document.querySelectorAll("#nav a")];
  if (/^[1-9]$/.test(event.key) && pages[event.key - 1]) pages[event.key - 1].click();
  else if (event.key === "/") {
    event.preventDefault();
    if (byId("finder").hidden) location.hash = "#cases";
    draw();
    byId("filter").focus();
  } else if (event.key === "j" || event.key === "k") nextLink(event.key === "j" ? 1 : -1);
  else if (event.key === "?") byId("help-box").showModal();
  else if (event.key === "Escape" && document.documentElement.dataset.page in SINGLE) history.back();
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("gradstone-theme", root.dataset.theme);
  } catch {
    /* closed storage: the choice holds until the page is left */
  }
}
