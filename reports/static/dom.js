// Elements made without markup: text is only ever text, and links lead to http(s) or stay in the page.
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function safe(address) {
  return /^(#|https?:\/\/)/i.test(address) ? address : null;
}

function dress(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "href") {
      if (safe(value)) node.setAttribute("href", value);
    } else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(2)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

const h = (tag, attributes = {}, ...children) => dress(document.createElement(tag), attributes, children);
const s = (tag, attributes = {}, ...children) =>
  dress(document.createElementNS(SVG, tag), attributes, children);

function replace(node, ...children) {
  node.replaceChildren(
    ...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false),
  );
}

const amount = (number) => number.toLocaleString("en-US");
const plural = (number, noun) => `${amount(number)} ${noun}${number === 1 ? "" : "s"}`;

function short(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

function duration(ms) {
  if (ms < 99.5) return `${Number(ms.toPrecision(3))} ms`;
  return ms < 99500
    ? `${Number((ms / 1000).toPrecision(3))} s`
    : `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

const pill = (status, text) => h("span", { class: `pill s-${status}` }, text ?? status);
const externalLink = (address) =>
  safe(address) ? h("a", { href: address, rel: "noreferrer noopener" }, address) : address;

function copyable(title, text) {
  const button = h("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(block);
      button.textContent = "Selected";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  const block = h("pre", { class: "code" }, text);
  return h("div", { class: "copyable" }, h("p", { class: "sub" }, title, button), block);
}
