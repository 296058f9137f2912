/* Drawings, players and embedded pages follow the theme of a notebook; this site tells them its own in the same way. */
const system = matchMedia("(prefers-color-scheme: dark)");
const follow = () => {
  const theme = document.body.dataset.theme;
  document.body.dataset.jpThemeLight = String(!(theme === "dark" || (theme !== "light" && system.matches)));
};
document.addEventListener("DOMContentLoaded", () => {
  follow();
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
  system.addEventListener("change", follow);
});
