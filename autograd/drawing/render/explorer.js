for (const root of document.querySelectorAll('[data-chalkgrad-explorer="TOKEN"]')) {
  const view = root.querySelector(".cge-view"), whole = view.firstElementChild;
  if (root.querySelector(".cge-bar")) continue; // taken over before
  const parts = new Map([...root.querySelectorAll("template")].map((x) => [x.dataset.part, x]));
  const style = document.createElement("style"), bar = document.createElement("div");
  style.textContent = `
    .cge-bar { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; padding: 4px 0; font: 14px system-ui, sans-serif }
    .cge-bar button { font: inherit; color: #1f2328; background: #f0f2f4; min-width: 34px; height: 32px; padding: 0 9px;
      border: 1px solid #8c959f; border-radius: 6px; cursor: pointer }
    .cge-bar input { font: inherit; flex: 1 1 160px; min-width: 120px; max-width: 320px; height: 28px; padding: 0 8px;
      border: 1px solid #8c959f; border-radius: 6px; color: #1f2328; background: #fff }
    body:has(> [data-chalkgrad-explorer]) { max-width: 1600px }
    .cge-view { overflow: auto; max-height: 85vh; cursor: grab }
    .cge-view:active { cursor: grabbing }
    .cge-view [data-part] { cursor: pointer }
    .cge-view [data-part]:hover > rect, .cge-view [data-part]:focus-visible > rect { stroke-width: 3 }
    .cge-hit > rect, .cge-hit > circle { stroke: #d6006e; stroke-width: 4 }
    @media print { .cge-bar { display: none } .cge-view { max-height: none; overflow: visible } }`;
  view.tabIndex = 0;
  bar.className = "cge-bar";
  bar.innerHTML = `<button data-do="in" title="larger (+)" aria-label="larger">+</button>
    <button data-do="out" title="smaller (−)" aria-label="smaller">−</button>
    <button data-do="fit" title="all of it (0)" aria-label="all of it">⤢</button>
    <input type="search" placeholder="find a label or an operation" aria-label="find a box">
    <span class="cge-count" role="status"></span><nav aria-label="open parts"></nav>`;
  root.prepend(style, bar);
  const find = (name) => root.querySelector(name), trail = find("nav"), count = find(".cge-count"), field = find("input");
  let path = [], svg = whole, scale = 1, hits = [], hit = -1;

  const size = () => ["width", "height"].map((name) => Number(svg.getAttribute(name)));
  const zoom = (factor, at) => { // the point under the pointer, or in the middle, stays where it is
    const frame = view.getBoundingClientRect(), [width, height] = size();
    const x = at ? at.clientX - frame.left : frame.width / 2, y = at ? at.clientY - frame.top : frame.height / 2;
    const left = (view.scrollLeft + x) / scale, top = (view.scrollTop + y) / scale;
    scale = Math.max(0.05, Math.min(8, factor));
    svg.style.cssText = `width:${width * scale}px;height:${height * scale}px;max-width:none;max-height:none;display:block`;
    view.scrollTo(left * scale - x, top * scale - y);
  };
  const fit = () => {
    const [width, height] = size();
    zoom(Math.min(1, view.clientWidth / width, (0.85 * innerHeight) / height));
  };
  const show = (names) => {
    path = names;
    const name = path.at(-1);
    svg = name ? parts.get(name).content.firstElementChild.cloneNode(true) : whole;
    view.replaceChildren(svg);
    for (const box of svg.querySelectorAll("[data-part]")) {
      if (!parts.has(box.dataset.part) || box.dataset.part === name) { box.removeAttribute("data-part"); continue; }
      box.setAttribute("role", "button");
      box.setAttribute("tabindex", "0");
      box.setAttribute("aria-label", `open ${box.dataset.part}`);
    }
    trail.replaceChildren(...(name ? [null, ...path] : []).map((x, i) => {
      const button = document.createElement("button");
      button.textContent = x ?? "whole";
      button.disabled = i === path.length;
      button.addEventListener("click", () => show(path.slice(0, i)));
      return button;
    }));
    fit();
  };
  const said = (box) => box.textContent.toLowerCase();
  const boxes = (from) => [...from.querySelectorAll("g > title")].map((x) => x.parentNode).filter((x) => x.querySelector("rect, circle"));
  const mark = (box) => {
    for (const old of view.querySelectorAll(".cge-hit")) old.classList.remove("cge-hit");
    if (!box) return;
    box.classList.add("cge-hit");
    const place = box.getBoundingClientRect(), frame = view.getBoundingClientRect();
    view.scrollBy(place.left + place.width / 2 - frame.left - frame.width / 2, place.top + place.height / 2 - frame.top - frame.height / 2);
  };
  const search = (text) => {
    text = text.trim().toLowerCase();
    hits = [];
    hit = -1;
    if (text) {
      for (const [name, from] of [[null, whole], ...[...parts].map(([name, x]) => [name, x.content])]) {
        boxes(from).forEach((box, i) => { if (said(box).includes(text)) hits.push([name, i]); });
      }
    }
    next(1);
  };
  const next = (step) => {
    if (!hits.length) { mark(null); count.textContent = field.value ? "not found" : ""; return; }
    hit = (hit + step + hits.length) % hits.length;
    const [name, i] = hits[hit];
    if ((path.at(-1) ?? null) !== name) show(name ? [name] : []);
    if (scale < 0.6) zoom(1);
    mark(boxes(svg)[i]);
    count.textContent = `${hit + 1} of ${hits.length}`;
  };

  const acts = { in: () => zoom(scale * 1.25), out: () => zoom(scale / 1.25), fit };
  for (const button of bar.querySelectorAll("[data-do]")) button.addEventListener("click", () => acts[button.dataset.do]());
  field.addEventListener("input", () => search(field.value));
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") next(event.shiftKey ? -1 : 1); });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls
    event.preventDefault();
    zoom(scale * Math.exp(-event.deltaY / 400), event);
  }, { passive: false });
  let held = null, moved = false;
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) held = [event.clientX, event.clientY, view.scrollLeft, view.scrollTop];
    moved = false;
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y, left, top] = held;
    moved ||= Math.hypot(event.clientX - x, event.clientY - y) > 4;
    if (moved) view.scrollTo(left - event.clientX + x, top - event.clientY + y);
  });
  addEventListener("pointerup", () => { held = null; });
  const open = (target) => {
    const box = target.closest?.("[data-part]");
    if (!box || !view.contains(box)) return false;
    show([...path, box.dataset.part]);
    view.focus({ preventScroll: true }); // the box that had it is gone
    return true;
  };
  view.addEventListener("click", (event) => { if (!moved) open(event.target); });
  root.addEventListener("keydown", (event) => {
    if (event.target === field || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = { "+": acts.in, "-": acts.out, "0": fit, Escape: () => path.length && show(path.slice(0, -1)) }[event.key];
    if (act) { act(); event.preventDefault(); }
    else if ((event.key === "Enter" || event.key === " ") && open(event.target)) event.preventDefault();
  });
  show([]);
}
