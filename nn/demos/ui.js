// Pieces that all pages share: elements, controls, numbers as text, the theme, and how a page starts.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "text") element.textContent = value;
    else if (name === "style") element.style.cssText = value;
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Make an element of HTML: h("button", {class: "big", on: {click}}, "play"). */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

/** Make an element of SVG. */
export const g = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

/** Write a number with a few digits and a real minus sign. */
export function fmt(x, digits = 3) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x < 0 ? "−∞" : "∞";
  const size = Math.abs(x);
  if (size !== 0 && (size < 5e-4 || size >= 1e5)) return x.toExponential(1).replaceAll("-", "−");
  const text = x.toFixed(Math.max(0, Math.min(digits, digits - 1 - Math.floor(Math.log10(size || 1)))));
  return text.replace("-", "−").replace(/^−(0(\.0*)?)$/, "$1");
}

/** Write a number with a plus or a minus in front, for sums. */
export const signed = (x, digits) => (x < 0 ? "− " : "+ ") + fmt(Math.abs(x), digits);

let made = 0;

/** A label above a list of choices; options are texts, or pairs of value and text. */
export function select(label, options, value, change, more = {}) {
  const id = `c${made++}`;
  const list = h("select", { id, on: { change: () => change(list.value) }, ...more }, options.map((option) => {
    const [key, text] = Array.isArray(option) ? option : [option, option];
    return h("option", { value: String(key), text });
  }));
  list.value = String(value);
  const box = h("div", { class: "control" }, h("label", { for: id, text: label }), list);
  box.set = (x) => { list.value = String(x); };
  return box;
}

/** A label with the value beside it, above a slider. */
export function slider(label, { min, max, step, value, text = fmt, name }, input) {
  const id = `c${made++}`, shown = h("output", { for: id, text: text(value) });
  const range = h("input", {
    id, type: "range", min, max, step, value, "aria-valuetext": text(value), name,
    on: { input: () => { set(Number(range.value)); input(Number(range.value)); } },
  });
  const set = (x) => {
    range.value = x;
    shown.textContent = text(x);
    range.setAttribute("aria-valuetext", text(x));
  };
  const box = h("div", { class: "control slider" }, h("label", { for: id }, h("span", { text: label }), shown), range);
  box.set = set;
  return box;
}

export function checkbox(label, checked, change) {
  const box = h("input", { type: "checkbox", on: { change: () => change(box.checked) } });
  box.checked = checked;
  const all = h("label", { class: "check" }, box, label);
  all.set = (x) => { box.checked = x; };
  return all;
}

export const button = (text, click, more = {}) => h("button", { type: "button", on: { click }, ...more }, text);

/** A picture in a button, drawn as a path in a square of 24. */
export const icon = (path) => g("svg", { viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": "true" },
  g("path", { d: path, fill: "currentColor" }));

/** Tabs: names and panels; arrow keys go from one to the next. */
export function tabs(label, panels, shown, change) {
  const heads = panels.map(([name, title], i) => h("button", {
    type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`,
    on: {
      click: () => open(name),
      keydown: (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (by) heads[(i + by + heads.length) % heads.length].focus(), open(panels[(i + by + heads.length) % heads.length][0]);
      },
    },
  }, title));
  const bodies = panels.map(([name, , body]) => h("div", {
    role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, class: "panel",
  }, body));
  function open(name) {
    panels.forEach(([other], i) => {
      heads[i].setAttribute("aria-selected", other === name);
      heads[i].tabIndex = other === name ? 0 : -1;
      bodies[i].hidden = other !== name;
    });
    change(name);
  }
  const all = h("section", { class: "tabs" }, h("div", { role: "tablist", "aria-label": label }, heads), bodies);
  all.open = open;
  open(shown);
  return all;
}

/** Whether the page is dark: as the notebook around it, if there is one, and else as the system. */
function isDark() {
  try {
    const light = parent !== window && parent.document.body.dataset.jpThemeLight;
    if (light) return light === "false";
  } catch { /* a frame may not look outside */ }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Draw the page, and draw it in the other colours when the theme changes. */
export function start(render) {
  const root = document.getElementById("page"), settings = JSON.parse(document.getElementById("settings").textContent);
  root.replaceChildren();
  const theme = () => { document.documentElement.dataset.theme = isDark() ? "dark" : "light"; };
  theme();
  const page = render(root, settings), again = () => { theme(); page.paint(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  try {
    if (parent !== window) new MutationObserver(again).observe(parent.document.body, { attributeFilter: ["data-jp-theme-light"] });
  } catch { /* a frame may not look outside */ }
  fit(root);
  document.documentElement.dataset.ready = "yes";
}

/** Let the frame of a notebook be as high as the page, where the frame may know. */
function fit(root) {
  let box = null;
  try { box = frameElement?.parentElement; } catch { /* a frame may not look outside */ }
  if (box) new ResizeObserver(() => { box.style.height = `${Math.ceil(root.getBoundingClientRect().height + 4)}px`; }).observe(root);
}

/** Whether the reader has asked for less motion. */
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * A button that plays and pauses: `tick` is called every so many milliseconds until it returns false,
 * at the second pace for readers who have asked for less motion.
 */
export function player([play, pause], [pace, calmPace], tick) {
  let playing = false, last = 0;
  const switched = button(play, () => {
    playing = !playing;
    switched.textContent = playing ? pause : play;
    if (playing) requestAnimationFrame(frame);
  });
  function frame(time) {
    if (!playing) return;
    if (time - last > (calm() ? calmPace : pace)) {
      last = time;
      if (tick() === false) switched.click();
    }
    requestAnimationFrame(frame);
  }
  return switched;
}

/** A colour of the page's theme by its name in the style sheet. */
export const themed = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
