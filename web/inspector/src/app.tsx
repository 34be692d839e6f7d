// The frame of the inspector: its head, whether pluvd answers, the page that the address names.

import { useEffect, useRef } from "react";
import { access, forgetToken } from "./access";
import { reachable } from "./api";
import { OverviewPage } from "./overview/overview_page";
import { Announcements } from "./parts/announcements";
import { Link } from "./parts/link";
import { Empty } from "./parts/notes";
import { RoomPage } from "./room/room_page";
import { overviewAddress, routeOf, usePath } from "./route";
import { useStore } from "./store";
import { TokenForm } from "./token_form";

export function App() {
  const { wanted, rejected, token } = useStore(access);
  const path = usePath();
  const main = useFocusOnNewPage(path);
  return (
    <>
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <header className="head">
        <Link to={overviewAddress} className="brand">
          <Mark />
          pluv <span>inspector</span>
        </Link>
        <Connection />
        {token && !wanted && (
          <button type="button" className="button small" onClick={forgetToken}>
            Forget token
          </button>
        )}
      </header>
      <Unreachable />
      <main id="content" ref={main} tabIndex={-1}>
        {wanted ? <TokenForm rejected={rejected} /> : <Page path={path} />}
      </main>
      <Announcements />
    </>
  );
}

function Page({ path }: { path: string }) {
  const route = routeOf(path);
  if (route.page === "overview") return <OverviewPage />;
  if (route.page === "room") return <RoomPage key={route.room} room={route.room} />;
  return (
    <>
      <h1 className="visually-hidden">Not found</h1>
      <Empty title="There is no such page">
        <Link to={overviewAddress}>To the rooms</Link>
      </Empty>
    </>
  );
}

// The keyboard goes on in the new page, and screen readers say that there is one.
function useFocusOnNewPage(path: string) {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return main;
}

function Connection() {
  const isReachable = useStore(reachable);
  return (
    <span className={isReachable ? "connection" : "connection lost"}>
      <span className="pulse" aria-hidden="true" />
      {isReachable ? "live" : "no answer"}
    </span>
  );
}

function Unreachable() {
  const isReachable = useStore(reachable);
  return (
    <div role="alert">
      {!isReachable && <p className="banner">pluvd does not answer; trying again.</p>}
    </div>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <circle cx="8" cy="8" r="2" fill="currentColor" />
      <circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" strokeWidth="1.6" opacity="0.55" />
    </svg>
  );
}
