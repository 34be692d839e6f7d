// The icons of all pages: lines on a grid of 24, in the colour of the text beside them. They are
// decoration; the button that one stands in has the name.
const paths = {
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  moon: "M20 14.5A8.2 8.2 0 0 1 9.5 4a8.2 8.2 0 1 0 10.5 10.5z",
  pen: "M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19z",
  plus: "M12 5v14M5 12h14",
  redo: "M20 9H9a5 5 0 0 0 0 10h4M20 9l-4-4M20 9l-4 4",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5",
  send: "M4 12l16-8-5 16-3.5-6.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4" +
    "M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7M10.5 11v5M13.5 11v5",
  undo: "M4 9h11a5 5 0 0 1 0 10h-4M4 9l4-4M4 9l4 4",
  window: "M4 5h16v14H4zM4 9.5h16M7 7.3h.01",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8"
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

// Two drops that meet: what each brings flows into one.
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path d="M12 4c5 6 8 10 8 14.5a8 8 0 0 1-16 0C4 14 7 10 12 4z" fill="var(--accent)" />
      <path d="M21 9c4.2 5 7 8.5 7 12.300a6.8 6.8 0 0 1-13.600 0C14.400 17.500 17 14 21 9z"
        fill="var(--user-2)" opacity="0.82" />
    </svg>
  );
}
