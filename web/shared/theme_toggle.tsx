import { useState } from "react";

import { Icon } from "./icon";
import { isDark, savedTheme, saveTheme } from "./theme";

export function ThemeToggle() {
  const [theme, setTheme] = useState(savedTheme);
  const dark = isDark(theme);
  const toggle = () => {
    const next = dark ? "light" : "dark";
    saveTheme(next);
    setTheme(next);
  };
  const label = dark ? "Use light colours" : "Use dark colours";
  return (
    <button type="button" className="button button-quiet button-icon" onClick={toggle}
      aria-label={label} title={label}>
      <Icon name={dark ? "sun" : "moon"} />
    </button>
  );
}
