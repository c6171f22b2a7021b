// Elements from words: text is never read as HTML.

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function make(tag, about = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...inside);
  return element;
}

function svg(tag, about, ...inside) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(about)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

/** Replaces rows, but only if something has changed: focus and selection stay. */
function fill(parent, key, build) {
  const text = JSON.stringify(key);
  if (parent.told === text) return;
  parent.told = text;
  parent.replaceChildren(...build());
}

/** A bar whose parts are shares of one, with words on it. */
function bar(parts, words, about = {}) {
  let at = 0;
  const rects = parts.map(([share, kind]) => {
    const width = Math.max(Math.min(share, 1 - at), 0);
    const rect = svg("rect", {
      class: `fill ${kind}`, x: `${100 * at}%`, y: "0", width: `${100 * width}%`, height: "100%",
    });
    at += width;
    return rect;
  });
  const picture = svg("svg", { "aria-hidden": "true" }, ...rects);
  return make("span", { class: "bar", ...about }, picture, make("span", {}, words));
}

let toastTimer = 0;

function toast(words) {
  $("toast").textContent = words;
  $("toast").classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toast").classList.remove("shown"), 4000);
}
