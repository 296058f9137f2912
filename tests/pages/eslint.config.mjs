import js from "@eslint/js";
import globals from "globals";
export default [
  { ...js.configs.recommended, languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: { ...globals.browser, ...globals.node } },
    rules: { ...js.configs.recommended.rules, "prefer-const": "error", eqeqeq: "error", "no-var": "error", "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error", "no-shadow": "error", "no-unused-vars": "error" } },
];
