// A link within the inspector: a plain one that can be opened in another tab, without a page load
// here.

import type { MouseEvent, ReactNode } from "react";
import { navigate } from "../route";

interface LinkProps {
  to: string;
  className?: string;
  title?: string;
  children: ReactNode;
}

export function Link({ to, children, ...others }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
      return;
    event.preventDefault();
    navigate(to);
    window.scrollTo(0, 0);
  };
  return (
    <a href={to} onClick={follow} {...others}>
      {children}
    </a>
  );
}
