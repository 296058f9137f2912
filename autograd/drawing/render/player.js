for (const root of document.querySelectorAll('[data-chalkgrad-player="TOKEN"]')) {
  const image = root.querySelector("img");
  if (!image) continue; // taken over before
  const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0));
  const said = [...root.querySelectorAll("li")].map((item) => item.textContent);
  root.innerHTML = `
    <style>
      .cgp { outline-offset: 4px; max-width: 100%; color: inherit; font-family: system-ui, sans-serif }
      .cgp-bar { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; padding: 2px 0 }
      .cgp-bar button { font: 14px/1 system-ui, sans-serif; color: #1f2328; background: #f0f2f4; min-width: 36px;
        height: 32px; padding: 0 9px; border: 1px solid #8c959f; border-radius: 6px; cursor: pointer }
      .cgp-bar button:hover:enabled { background: #dfe3e8 }
      .cgp-bar button:disabled { opacity: .45; cursor: default }
      .cgp-bar button[aria-pressed="true"]:enabled { background: #1f2328; color: #fff }
      .cgp-bar input { flex: 1 1 140px; min-width: 100px; margin: 0 4px; accent-color: #2166ac }
      .cgp-bar output { font-variant-numeric: tabular-nums; min-width: 4.5em; text-align: right }
      .cgp-said { min-height: 3em; margin: 6px 0; font-size: 15px; line-height: 1.5 }
      .cgp-view { overflow: auto; max-width: 100%; max-height: 75vh }
      [data-jp-theme-light="false"] .cgp-bar button, body.vscode-dark .cgp-bar button {
        background: #2d333b; color: #e6edf3; border-color: #768390 }
      [data-jp-theme-light="false"] .cgp-bar button:hover:enabled,
      body.vscode-dark .cgp-bar button:hover:enabled { background: #444c56 }
      [data-jp-theme-light="false"] .cgp-bar button[aria-pressed="true"]:enabled,
      body.vscode-dark .cgp-bar button[aria-pressed="true"]:enabled { background: #e6edf3; color: #1f2328 }
      @media screen {
        [data-jp-theme-light="false"] .cgp, body.vscode-dark .cgp { color: var(--jp-content-font-color0, #e6edf3) } }
      @media print { .cgp-bar { display: none } .cgp-view { max-height: none }
        .cgp-view svg { max-width: 100% !important; max-height: 90vh; height: auto } }
    </style>
    <div class="cgp" role="group" aria-label="step by step" data-lm-suppress-shortcuts="true">
      <div class="cgp-bar">
        <button data-to="first" aria-label="first step" title="first (Home)">|◀</button>
        <button data-to="back" aria-label="previous step" title="back (←)">◀</button>
        <button data-to="next" aria-label="next step" title="next (→)">▶</button>
        <button data-to="last" aria-label="last step" title="last (End)">▶|</button>
        <input type="range" min="0" step="1" aria-label="step">
        <output></output>
        <button data-to="forward" aria-pressed="false">forward</button>
        <button data-to="backward" aria-pressed="false">backward</button>
      </div>
      <p class="cgp-said" aria-live="polite" aria-atomic="true"></p>
      <div class="cgp-view"></div>
    </div>`;
  const find = (name) => root.querySelector(name);
  const view = find(".cgp-view"), slider = find("input");
  view.innerHTML = new TextDecoder().decode(bytes);
  const svg = view.firstElementChild, parts = [...svg.querySelectorAll("[data-v]")];
  delete svg.dataset.plays;
  for (const caption of svg.querySelectorAll(".caption")) caption.remove();
  const [width, height] = svg.dataset.picture.split(" ");
  svg.setAttribute("height", height);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.maxWidth = "none";
  const last = said.length - 1, turn = Number(svg.dataset.turn), calm = matchMedia("(prefers-reduced-motion: reduce)");
  const goals = { first: () => 0, back: (i) => i - 1, next: (i) => i + 1, last: () => last,
    forward: () => 0, backward: () => turn };
  const keys = { ArrowLeft: "back", ArrowDown: "back", ArrowRight: "next", ArrowUp: "next", Home: "first", End: "last" };
  let now = 0;
  slider.max = last;
  const show = (i) => {
    now = Math.max(0, Math.min(last, i));
    for (const part of parts) {
      const [start, end] = part.dataset.v.split(" ").map(Number);
      part.setAttribute("visibility", start <= now && now < end ? "visible" : "hidden");
    }
    slider.value = now;
    slider.setAttribute("aria-valuetext", said[now]);
    find("output").textContent = `${now} / ${last}`;
    find(".cgp-said").textContent = said[now];
    for (const [end, names] of [[0, ["first", "back"]], [last, ["next", "last"]]]) {
      for (const name of names) find(`[data-to="${name}"]`).disabled = now === end;
    }
    // a button that is switched off loses the focus, and with it the arrow keys: the slider takes over
    const active = document.activeElement;
    if (active.disabled && root.contains(active)) slider.focus({ preventScroll: true });
    find('[data-to="forward"]').setAttribute("aria-pressed", now < turn);
    find('[data-to="backward"]').setAttribute("aria-pressed", now >= turn);
    find('[data-to="backward"]').disabled = turn > last;
    const lit = parts.find((part) => part.getAttribute("visibility") === "visible" && part.querySelector(".lit"));
    if (lit) { // bring it to the middle of a picture that is wider or taller than its window
      const box = lit.getBoundingClientRect(), frame = view.getBoundingClientRect();
      const left = box.left + box.width / 2 - frame.left - frame.width / 2;
      const top = box.top + box.height / 2 - frame.top - frame.height / 2;
      view.scrollBy({ left, top, behavior: calm.matches ? "auto" : "smooth" });
    }
  };
  root.style.overflowX = "visible";
  for (const button of root.querySelectorAll("button")) {
    button.addEventListener("click", () => show(goals[button.dataset.to](now)));
  }
  slider.addEventListener("input", () => show(Number(slider.value)));
  root.addEventListener("keydown", (event) => {
    const to = keys[event.key];
    if (!to || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    show(goals[to](now));
  });
  show(0);
}
