// The admin token, kept for this tab only, and whether pluvd asks for one.

import { Store } from "./store";

const storageKey = "pluv-inspector-token";

export interface Access {
  token: string;
  wanted: boolean; // pluvd answered 401
  rejected: boolean; // ... to a token that somebody typed
}

function keptToken(): string {
  try {
    return sessionStorage.getItem(storageKey) ?? "";
  } catch {
    return ""; // storage is forbidden here: the token lives as long as the page
  }
}

function keep(token: string): void {
  try {
    if (token) sessionStorage.setItem(storageKey, token);
    else sessionStorage.removeItem(storageKey);
  } catch {
    // See above.
  }
}

export const access = new Store<Access>({ token: keptToken(), wanted: false, rejected: false });

export function offerToken(token: string): void {
  keep(token);
  access.set({ token, wanted: false, rejected: false });
}

export function forgetToken(): void {
  keep("");
  access.set({ token: "", wanted: true, rejected: false });
}

// usedToken: what the refused request carried; a late answer to an older one says nothing.
export function tokenRefused(usedToken: string): void {
  if (usedToken !== access.get().token) return;
  keep("");
  access.set({ token: "", wanted: true, rejected: usedToken !== "" });
}
