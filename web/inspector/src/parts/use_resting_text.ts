// The text of a field that is acted upon when typing rests, so that a word is one question to pluvd
// and not one for each letter.

import { useEffect, useRef, useState } from "react";

const restMs = 220;

// value: what was acted upon last; when others set it, the field says the same.
export function useRestingText(
  value: string,
  onRest: (text: string) => void,
): [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const handled = useRef(value);
  const act = useRef(onRest);
  act.current = onRest;

  useEffect(() => {
    if (value === handled.current) return;
    handled.current = value;
    setText(value);
  }, [value]);

  useEffect(() => {
    if (text === handled.current) return;
    const timer = setTimeout(() => {
      handled.current = text;
      act.current(text);
    }, restMs);
    return () => clearTimeout(timer);
  }, [text]);

  return [text, setText];
}
